/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/song_bitmap.h"

#include "editor/colours.h"
#include "editor/pixels.h"
#include "editor/spectrum_colours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  N_BANDS     = 64,
  N_WIDTHS    = 2, ///< Of the picture, that the bitmap has: it moves but once in one
  CLIP_UNITS  = 5, ///< Height of the mark of a clip, and half of its width
  SEAM_UNITS  = 3, ///< Of a dash
  BEAT_ALPHA  = 52,
  BAR_ALPHA   = 120,
  SEAM_ALPHA  = 150,
  CLIP_ALPHA  = 255,
  LEVEL_SHIFT = 1 ///< From a byte of a column to a level of a colour
};

/// The bands that a row lies between
typedef struct {
  uint32_t low;
  uint32_t high;
  float    share; ///< Of the higher one
} Row;

struct SongBitmapImpl {
  uint32_t        width; ///< Pixels that are shown
  uint32_t        height;
  double          second; ///< Pixels
  double          unit;   ///< Pixels
  uint32_t*       pixels; ///< Rows of `N_WIDTHS` times `width`
  Row*            rows;
  uint32_t        generation; ///< Of the song
  int64_t         origin;     ///< Pixel number of the first column of pixels
  int64_t         left;       ///< Of the first one shown
  int64_t         end;        ///< Behind the last one painted
  SpectrumColours colours;
};

/// What is marked near a column of pixels
typedef struct {
  uint32_t marks;         ///< `ColumnMark`s in it
  double   clip_distance; ///< Pixels to the nearest edge of a clip
} Marks;

SongBitmap*
song_bitmap_new(void)
{
  SongBitmap* const bitmap = (SongBitmap*)calloc(1, sizeof(SongBitmap));
  if (bitmap) {
    spectrum_colours_fill(&bitmap->colours);
  }
  return bitmap;
}

void
song_bitmap_free(SongBitmap* const bitmap)
{
  if (bitmap) {
    free(bitmap->pixels);
    free(bitmap->rows);
    free(bitmap);
  }
}

/// Say between which bands each row lies
static void
set_rows(SongBitmap* const bitmap)
{
  for (uint32_t y = 0; y < bitmap->height; ++y) {
    const double up   = 1 - (y + 0.5) / bitmap->height;
    const double band = fmax(0, fmin(up * N_BANDS - 0.5, N_BANDS - 1));
    const double low  = fmin(floor(band), N_BANDS - 2);
    bitmap->rows[y]   = (Row){
        .low = (uint32_t)low, .high = (uint32_t)low + 1, .share = (float)(band - low)};
  }
}

bool
song_bitmap_resize(SongBitmap* const bitmap,
                   const uint32_t    width,
                   const uint32_t    height,
                   const double      second,
                   const double      unit)
{
  free(bitmap->pixels);
  free(bitmap->rows);
  const size_t n = (size_t)width * N_WIDTHS * height;

  bitmap->pixels = (uint32_t*)calloc(n + 1, sizeof(uint32_t));
  bitmap->rows   = (Row*)calloc(height + (size_t)1, sizeof(Row));
  bitmap->width  = bitmap->pixels && bitmap->rows ? width : 0;
  bitmap->height = bitmap->width ? height : 0;
  bitmap->second = second;
  bitmap->unit   = unit;
  bitmap->origin = bitmap->left;
  bitmap->end    = bitmap->left;
  set_rows(bitmap);
  return bitmap->width == width && bitmap->height == height;
}

/// Return what is marked near a pixel number
static Marks
marks_near(const SongBitmap* const bitmap,
           const Song* const       song,
           const int64_t           pixel,
           const double            pixel_frames)
{
  const double reach  = CLIP_UNITS * bitmap->unit + 1;
  const double middle = (double)pixel + 0.5;
  const double line   = fmax(1, round(bitmap->unit)); // width of one
  Marks        marks  = {.marks = 0, .clip_distance = reach};
  int32_t      i      = song_index(song, (middle - reach) * pixel_frames);
  for (i = i < 0 ? 0 : i; i < (int32_t)song_n_columns(song); ++i) {
    const SongColumn* const column = song_column(song, (uint32_t)i);
    const double            at =
      floor((column->position + column->column.n_frames / 2.0) / pixel_frames);
    if (at > middle + reach) {
      break;
    }
    const double after = (double)pixel - at;
    if (after >= 0 && after < line) {
      marks.marks |= column->column.marks;
    }
    if (column->column.marks & MARK_CLIP) {
      marks.clip_distance = fmin(marks.clip_distance, fabs(middle - at - line / 2));
    }
  }
  return marks;
}

/// Write the levels of the bands at a position; return false where nothing is known
static bool
levels_at(const Song* const song,
          const double      position,
          float             mixture[N_BANDS],
          float             extracted[N_BANDS])
{
  const int32_t index = song_index(song, position);
  if (index < 0) {
    return false;
  }
  const SongColumn* const one    = song_column(song, (uint32_t)index);
  const double            length = one->column.n_frames;
  const double            from   = (position - one->position) / length - 0.5;
  if (from > 0.5) {
    return false;
  }
  // Towards the neighbour whose middle is nearer, if the sound goes on to it
  const uint32_t    other_index = (uint32_t)index + (from < 0 ? -1U : 1U);
  const bool        has_other   = other_index < song_n_columns(song);
  const SongColumn* other       = has_other ? song_column(song, other_index) : one;
  const SongColumn* later       = from < 0 ? one : other;
  const float       share       = has_other && later->is_next ? (float)fabs(from) : 0;
  for (uint32_t i = 0; i < N_BANDS; ++i) {
    const float m = one->column.mixture[i];
    const float e = one->column.extracted[i];
    mixture[i]    = m + share * ((float)other->column.mixture[i] - m);
    extracted[i]  = e + share * ((float)other->column.extracted[i] - e);
  }
  return true;
}

/// Paint the marks over a column of pixels
static void
paint_marks(const SongBitmap* const bitmap, uint32_t* const pixels, const Marks marks)
{
  const size_t   stride = (size_t)bitmap->width * N_WIDTHS;
  const uint32_t dash   = (uint32_t)lround(SEAM_UNITS * bitmap->unit);
  const double   clip   = (CLIP_UNITS * bitmap->unit - marks.clip_distance);
  const uint32_t alpha  = marks.marks & MARK_BAR    ? BAR_ALPHA
                          : marks.marks & MARK_BEAT ? BEAT_ALPHA
                                                    : 0;
  for (uint32_t y = 0; y < bitmap->height; ++y) {
    uint32_t* const pixel = &pixels[y * stride];
    if (alpha) {
      pixel_blend(pixel, COLOUR_PLAY, alpha);
    }
    if (marks.marks & MARK_SEAM && dash && y / dash % 2) {
      pixel_blend(pixel, COLOUR_PLAY, SEAM_ALPHA);
    }
    const double cover = fmax(0, fmin(clip - y, 1));
    if (cover > 0) {
      pixel_blend(pixel, COLOUR_CLIP, (uint32_t)lround(cover * CLIP_ALPHA));
    }
  }
}

/// Paint a column of pixels
static void
paint_column(SongBitmap* const bitmap, const Song* const song, const int64_t pixel)
{
  const size_t    stride       = (size_t)bitmap->width * N_WIDTHS;
  const double    pixel_frames = song_sample_rate(song) / bitmap->second;
  uint32_t* const pixels       = &bitmap->pixels[pixel - bitmap->origin];

  float      mixture[N_BANDS]   = {0};
  float      extracted[N_BANDS] = {0};
  const bool is_known =
    levels_at(song, ((double)pixel + 0.5) * pixel_frames, mixture, extracted);
  for (uint32_t y = 0; y < bitmap->height; ++y) {
    const Row   row = bitmap->rows[y];
    const float m =
      mixture[row.low] + row.share * (mixture[row.high] - mixture[row.low]);
    const float e =
      extracted[row.low] + row.share * (extracted[row.high] - extracted[row.low]);
    const uint32_t i   = (uint32_t)m >> LEVEL_SHIFT;
    const uint32_t j   = (uint32_t)e >> LEVEL_SHIFT;
    pixels[y * stride] = is_known ? bitmap->colours.pixels[i][j] : COLOUR_WELL;
  }
  paint_marks(bitmap, pixels, marks_near(bitmap, song, pixel, pixel_frames));
}

/// Return the pixel number behind the last one that no later column would change
static int64_t
known_end(const SongBitmap* const bitmap, const Song* const song)
{
  const uint32_t n = song_n_columns(song);
  if (!n) {
    return INT64_MIN;
  }
  const SongColumn* const last   = song_column(song, n - 1);
  const double            middle = last->position + last->column.n_frames / 2.0;
  const double            pixel  = middle / song_sample_rate(song) * bitmap->second;
  return (int64_t)floor(pixel - CLIP_UNITS * bitmap->unit - 1);
}

/// Move what is shown to the left of the bitmap
static void
move_to_left(SongBitmap* const bitmap)
{
  const size_t  stride  = (size_t)bitmap->width * N_WIDTHS;
  const int64_t n_moved = bitmap->end - bitmap->left;
  const size_t  n_bytes = n_moved > 0 ? (size_t)n_moved * sizeof(uint32_t) : 0;
  for (uint32_t y = 0; y < bitmap->height && n_bytes; ++y) {
    uint32_t* const row = &bitmap->pixels[y * stride];
    memmove(row, row + (bitmap->left - bitmap->origin), n_bytes);
  }
  bitmap->origin = bitmap->left;
}

bool
song_bitmap_update(SongBitmap* const bitmap, const Song* const song, const int64_t left)
{
  const int64_t width    = bitmap->width;
  const bool    is_other = song_generation(song) != bitmap->generation;
  const bool    is_back  = left < bitmap->left;
  bool          differs  = left != bitmap->left || is_other;

  bitmap->generation = song_generation(song);
  bitmap->left       = left;
  if (is_other || is_back) {
    bitmap->origin = left;
    bitmap->end    = left;
  }
  if (left + width > bitmap->origin + width * N_WIDTHS) {
    move_to_left(bitmap);
  }
  const int64_t end = known_end(bitmap, song);
  bitmap->end       = bitmap->end > left ? bitmap->end : left;
  for (; bitmap->end < end && bitmap->end < left + width; ++bitmap->end) {
    paint_column(bitmap, song, bitmap->end);
    differs = true;
  }
  return differs;
}

const uint32_t*
song_bitmap_pixels(const SongBitmap* const bitmap,
                   uint32_t* const         stride,
                   uint32_t* const         width)
{
  *stride = bitmap->width * N_WIDTHS;
  *width  = (uint32_t)(bitmap->end - bitmap->left);
  return &bitmap->pixels[bitmap->left - bitmap->origin];
}
