/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/song_view.h"

#include "editor/colours.h"
#include "editor/song_bitmap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  LEFT_UNITS   = 26, ///< For the frequencies
  BOTTOM_UNITS = 14, ///< For the times
  TICK_UNITS   = 3,
  LABEL_SIZE   = 10,
  LOW_HZ       = 40, ///< Of the bands of `Column`
  N_OCTAVES    = 8
};

static const double PLAY_SHARE   = 0.7; // of the width, left of what plays now
static const Colour AHEAD_COLOUR = 0x66121316U;

struct SongViewImpl {
  SongBitmap* bitmap;
  Box         box;
  Box         picture; ///< Within it, on whole pixels
  double      scale;
  double      second; ///< Units
  double      play_x; ///< Units
};

SongView*
song_view_new(void)
{
  SongView* const view = (SongView*)calloc(1, sizeof(SongView));
  if (view) {
    view->bitmap = song_bitmap_new();
  }
  if (view && !view->bitmap) {
    free(view);
    return NULL;
  }
  return view;
}

void
song_view_free(SongView* const view)
{
  if (view) {
    song_bitmap_free(view->bitmap);
    free(view);
  }
}

/// Divide the box
static void
set_box(SongView* const view, const Box box, const double scale)
{
  const double left   = round((box.x + LEFT_UNITS) * scale);
  const double top    = round(box.y * scale);
  const double right  = fmax(left, round((box.x + box.width) * scale));
  const double bottom = fmax(top, round((box.y + box.height - BOTTOM_UNITS) * scale));
  const double width  = right - left;
  const double height = bottom - top;

  view->box     = box;
  view->scale   = scale;
  view->picture = (Box){left / scale, top / scale, width / scale, height / scale};
  view->second  = view->picture.width / SONG_VIEW_S;
  view->play_x  = (left + round(width * PLAY_SHARE)) / scale;
  (void)song_bitmap_resize(
    view->bitmap, (uint32_t)width, (uint32_t)height, view->second * scale, scale);
}

bool
song_view_update(SongView* const   view,
                 const Song* const song,
                 const Box         box,
                 const double      scale)
{
  const bool is_other = box.x != view->box.x || box.y != view->box.y ||
                        box.width != view->box.width ||
                        box.height != view->box.height || scale != view->scale;
  if (is_other) {
    set_box(view, box, scale);
  }
  const double rate     = song_sample_rate(song);
  const double played_s = rate > 0 ? song_play_position(song) / rate : 0;
  const double played   = floor(played_s * view->second * scale);
  const double before   = round((view->play_x - view->picture.x) * scale);
  return song_bitmap_update(view->bitmap, song, (int64_t)(played - before)) || is_other;
}

/// Paint the frequencies at the left
static void
paint_frequencies(const SongView* const view, Canvas* const canvas)
{
  static const struct {
    double      hz;
    const char* text;
  } marks[] = {{100, "100"}, {1000, "1k"}, {10000, "10k"}};

  const Box box = view->picture;
  for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); ++i) {
    const double up     = log2(marks[i].hz / LOW_HZ) / N_OCTAVES;
    const double y      = box.y + box.height * (1 - up);
    const double line_y = floor(y * view->scale) / view->scale;
    const double text_y = fmax(box.y, y - LABEL_SIZE / 2.0);
    const Box    tick   = {box.x - TICK_UNITS, line_y, TICK_UNITS, 1};
    const Box    text = {view->box.x, text_y, LEFT_UNITS - TICK_UNITS - 2, LABEL_SIZE};
    canvas_fill(canvas, tick, COLOUR_FAINT);
    canvas_text(canvas, text, ALIGN_RIGHT, marks[i].text, LABEL_SIZE, COLOUR_FAINT);
  }
}

/// Paint the times below
static void
paint_times(const SongView* const view, Canvas* const canvas)
{
  enum { STEP_S = 2, TEXT_UNITS = 48 };

  const Box    box   = view->picture;
  const double below = box.y + box.height;
  for (int s = -SONG_VIEW_S; s <= SONG_VIEW_S; s += STEP_S) {
    const double x    = view->play_x + s * view->second;
    const Box    text = {
         x - TEXT_UNITS / 2.0, below + TICK_UNITS, TEXT_UNITS, LABEL_SIZE + 1};
    if (x < box.x || x > box.x + box.width) {
      continue;
    }
    char label[16] = "now";
    if (s) {
      // A minus sign, not a hyphen: as wide as the plus
      (void)snprintf(
        label, sizeof(label), "%s%d s", s < 0 ? "\xE2\x88\x92" : "+", abs(s));
    }
    canvas_fill(canvas, (Box){x, below, 1, TICK_UNITS}, COLOUR_FAINT);
    canvas_text(
      canvas, text, ALIGN_CENTRE, label, LABEL_SIZE, s ? COLOUR_FAINT : COLOUR_TEXT);
  }
}

void
song_view_paint(const SongView* const view, Canvas* const canvas)
{
  const Box             box    = view->picture;
  uint32_t              stride = 0;
  uint32_t              width  = 0;
  const uint32_t* const pixels = song_bitmap_pixels(view->bitmap, &stride, &width);
  const double          x      = box.x + width / view->scale;
  const double          ahead  = fmax(0, x - view->play_x);
  const uint32_t        height = (uint32_t)lround(box.height * view->scale);

  canvas_fill(canvas, view->box, COLOUR_WINDOW);
  canvas_picture(
    canvas, (Box){box.x, box.y, x - box.x, box.height}, pixels, stride, width, height);
  canvas_fill(canvas, (Box){x, box.y, box.x + box.width - x, box.height}, COLOUR_WELL);
  canvas_fill(canvas, (Box){view->play_x, box.y, ahead, box.height}, AHEAD_COLOUR);
  canvas_fill(canvas, (Box){view->play_x, box.y, 1, box.height}, COLOUR_PLAY);
  paint_frequencies(view, canvas);
  paint_times(view, canvas);
}
