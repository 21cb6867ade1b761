/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"
#include "example_song.h"

#include "editor/colours.h"
#include "editor/song_view.h"
#include "editor/spectrum_colours.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 360, HEIGHT = 100, LATENCY = 2 * EXAMPLE_RATE };

static const Box    BOX      = {5, 3, 340, 90};
static const double SCALES[] = {1, 1.5, 2};

/// A stream, and columns that come half a second before they are played
typedef struct {
  Song*    song;
  uint32_t n_columns;
  double   now_s;
} Stream;

/// Go on until a time
static void
play(Stream* const stream, const double now_s, const uint32_t number)
{
  const uint64_t   n_received = (uint64_t)(now_s * EXAMPLE_RATE);
  const ScopeClock clock      = {number, EXAMPLE_RATE, LATENCY, n_received, true};
  song_advance(stream->song, &clock, now_s);
  stream->now_s        = now_s;
  const double ahead_s = 0.5;
  const double end     = (now_s + ahead_s) * EXAMPLE_RATE - LATENCY;
  while ((stream->n_columns + 1.0) * EXAMPLE_COLUMN_FRAMES < end) {
    const Column column = example_column(stream->n_columns++);
    song_add(stream->song, &column, 1);
  }
}

/// Paint a picture of a scale into a new canvas
static Canvas*
paint(const SongView* const view, const double scale)
{
  Canvas* const canvas = canvas_new();
  CHECK(canvas);
  CHECK(canvas_resize(
    canvas, (uint32_t)(WIDTH * scale), (uint32_t)(HEIGHT * scale), scale));
  song_view_paint(view, canvas);
  return canvas;
}

static void
test_scrolling_paints_the_same(void)
{
  for (int s = 0; s < 3; ++s) {
    unsigned        seed   = 5;
    Stream          stream = {.song = song_new()};
    SongView* const view   = song_view_new();
    CHECK(stream.song && view);
    for (int turn = 0; turn < 150; ++turn) {
      play(&stream, stream.now_s + draw(&seed) % 400 / 1000.0, 1);
      (void)song_view_update(view, stream.song, BOX, SCALES[s]);
      if (turn % 10) {
        continue;
      }
      SongView* const other = song_view_new();
      CHECK(other && song_view_update(other, stream.song, BOX, SCALES[s]));
      Canvas* const one = paint(view, SCALES[s]);
      Canvas* const two = paint(other, SCALES[s]);
      const size_t  n   = (size_t)canvas_width(one) * canvas_height(one);
      CHECK(!memcmp(canvas_pixels(one), canvas_pixels(two), n * sizeof(uint32_t)));
      canvas_free(one);
      canvas_free(two);
      song_view_free(other);
    }
    song_view_free(view);
    song_free(stream.song);
  }
}

static void
test_says_when_nothing_has_changed(void)
{
  Stream          stream = {.song = song_new()};
  SongView* const view   = song_view_new();
  CHECK(song_view_update(view, stream.song, BOX, 1));
  CHECK(!song_view_update(view, stream.song, BOX, 1));
  play(&stream, 6, 1);
  CHECK(song_view_update(view, stream.song, BOX, 1));
  CHECK(!song_view_update(view, stream.song, BOX, 1));

  // What it says agrees with the pixels, in steps shorter than a pixel
  Canvas* before    = paint(view, 1);
  int     n_changes = 0;
  for (int turn = 0; turn < 300; ++turn) {
    play(&stream, stream.now_s + 0.004, 1);
    const bool    differs = song_view_update(view, stream.song, BOX, 1);
    Canvas* const now     = paint(view, 1);
    const bool    is_same = !memcmp(
      canvas_pixels(before), canvas_pixels(now), sizeof(uint32_t) * WIDTH * HEIGHT);
    CHECK(differs || is_same);
    n_changes += differs;
    canvas_free(before);
    before = now;
  }
  canvas_free(before);
  CHECK(n_changes > 30 && n_changes < 150); // 1.2 s are 47 pixels, moved and painted

  CHECK(song_view_update(view, stream.song, (Box){5, 3, 341, 90}, 1));
  play(&stream, 0, 2); // another stream
  CHECK(song_view_update(view, stream.song, (Box){5, 3, 341, 90}, 1));
  song_view_free(view);
  song_free(stream.song);
}

/// Return a column with one band of sound
static Column
column_with(const uint32_t index, const int band, const int share)
{
  Column column          = {.frame         = (uint64_t)index * 1000,
                            .n_frames      = 1000,
                            .mixture_power = 0.1F,
                            .marks         = index % 50 == 25 ? MARK_BEAT | MARK_BAR : 0};
  column.mixture[band]   = 210;
  column.extracted[band] = (unsigned char)(210 * share / 100);
  return column;
}

static void
test_sound_is_where_it_belongs(void)
{
  for (int band = 2; band < 62; band += 7) {
    for (int share = 0; share <= 100; share += 100) {
      Song* const      song  = song_new();
      SongView* const  view  = song_view_new();
      const ScopeClock clock = {1, 44100, 0, 400000, true};
      song_advance(song, &clock, 1);
      for (uint32_t i = 0; i < 400; ++i) {
        const Column column = column_with(i, band, share);
        song_add(song, &column, 1);
      }
      CHECK(song_view_update(view, song, BOX, 2));
      Canvas* const canvas = paint(view, 2);

      // The lightest row, 3 s before what plays now, between two lines of beats
      const double    x      = 31 + (340 - 26) * (0.7 - 3.0 / SONG_VIEW_S);
      const uint32_t* pixels = canvas_pixels(canvas);
      double          max    = 0;
      int             row    = 0;
      uint32_t        colour = 0;
      for (int y = 6; y < 6 + 2 * (90 - 14); ++y) {
        const uint32_t pixel = pixels[y * 2 * WIDTH + (int)(2 * x)];
        const double   light = (pixel >> 16U & 0xFFU) + (pixel >> 8U & 0xFFU);
        if (light > max) {
          max    = light;
          row    = y;
          colour = pixel;
        }
      }
      const double expected = 6 + (1 - (band + 0.5) / 64) * 2 * (90 - 14);
      CHECK(fabs(row + 0.5 - expected) <= 1.5);
      const int yellow = (int)(colour >> 16U & 0xFFU) - (int)(colour & 0xFFU);
      CHECK(share ? yellow > 80 : abs(yellow) < 20);
      canvas_free(canvas);
      song_view_free(view);
      song_free(song);
    }
  }
}

static void
test_levels_change_smoothly(void)
{
  // Loud and soft columns, each of many pixels, and one behind a seam
  Song* const      song  = song_new();
  SongView* const  view  = song_view_new();
  const ScopeClock clock = {1, 44100, 0, 400000, true};
  song_advance(song, &clock, 1);
  for (uint32_t i = 0; i < 20; ++i) {
    Column column = {.frame = i * 22050ULL, .n_frames = 22050, .mixture_power = 0.1F};
    column.marks  = i == 14 ? MARK_SEAM : 0;
    memset(column.mixture, i % 2 ? 200 : 80, sizeof(column.mixture));
    song_add(song, &column, 1);
  }
  CHECK(song_view_update(view, song, BOX, 2));
  Canvas* const canvas = paint(view, 2);
  int           last   = -1;
  int           n_up   = 0;
  for (int x = 62; x < 62 + 430; ++x) {
    const int value = (int)(canvas_pixels(canvas)[80 * 2 * WIDTH + x] & 0xFFU);
    const int step  = last < 0 ? 0 : value - last;
    // 0.5 s are 39 pixels, from grey 40 to 120; the seam is a step between two
    n_up += abs(step) > 5;
    last = value;
  }
  CHECK(n_up >= 1 && n_up <= 3);
  canvas_free(canvas);
  song_view_free(view);
  song_free(song);
}

static void
test_bars_are_where_they_fall(void)
{
  Song* const      song  = song_new();
  SongView* const  view  = song_view_new();
  const ScopeClock clock = {1, 44100, 0, 352800, true}; // 8 s
  song_advance(song, &clock, 1);
  for (uint32_t i = 0; i < 400; ++i) {
    const Column column = column_with(i, 0, 0);
    song_add(song, &column, 1);
  }
  CHECK(song_view_update(view, song, BOX, 1));
  Canvas* const canvas = paint(view, 1);
  const double  play   = 31 + round((340 - 26) * 0.7);
  for (int x = 31; x < (int)play; ++x) {
    const uint32_t pixel    = canvas_pixels(canvas)[40 * WIDTH + x];
    const double   seconds  = 8 + (x + 0.5 - play) * SONG_VIEW_S / (340 - 26);
    const double   bars     = (seconds * 44.1 - 25.5) / 50; // one each 50 columns
    const double   distance = fabs(bars - round(bars)) * 50 / 44.1;
    const double   pixel_s  = SONG_VIEW_S / (340.0 - 26);
    if (distance < 0.4 * pixel_s) {
      CHECK((pixel & 0xFFU) > 80);
    } else if (distance > 2 * pixel_s) {
      CHECK((pixel & 0xFFU) < 40);
    }
  }
  CHECK(canvas_pixels(canvas)[40 * WIDTH + (int)play] == COLOUR_PLAY);
  canvas_free(canvas);
  song_view_free(view);
  song_free(song);
}

/// Return the relative luminance of a pixel
static double
luminance(const uint32_t pixel)
{
  static const double weights[] = {0.0722, 0.7152, 0.2126}; // blue, green, red
  double              sum       = 0;
  for (unsigned i = 0; i < 3; ++i) {
    sum += weights[i] * pow((pixel >> (8 * i) & 0xFFU) / 255.0, 2.2);
  }
  return sum;
}

static void
test_colours_rise_with_level(void)
{
  static SpectrumColours colours;
  spectrum_colours_fill(&colours);
  for (int i = 1; i < SPECTRUM_LEVELS; ++i) {
    const uint32_t grey  = colours.pixels[i][0];
    const uint32_t amber = colours.pixels[i][i];
    CHECK(luminance(grey) >= luminance(colours.pixels[i - 1][0]));
    CHECK(luminance(amber) >= luminance(colours.pixels[i - 1][i - 1]));
    if (i > SPECTRUM_LEVELS / 3) { // apart in blue against yellow
      CHECK((amber >> 16U & 0xFFU) > (amber & 0xFFU) + 40);
      CHECK((grey >> 16U & 0xFFU) <= (grey & 0xFFU));
    }
  }
}

int
main(void)
{
  test_scrolling_paints_the_same();
  test_says_when_nothing_has_changed();
  test_sound_is_where_it_belongs();
  test_levels_change_smoothly();
  test_bars_are_where_they_fall();
  test_colours_rise_with_level();
  song_view_free(NULL);
  return 0;
}
