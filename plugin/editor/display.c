/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/display.h"

#include "editor/layout.h"

#include <math.h>

double
display_scale_of(const uint32_t width, const uint32_t height)
{
  return fmin((double)width / LAYOUT_WIDTH, (double)height / LAYOUT_HEIGHT);
}

bool
display_resize(Display* const display, const uint32_t width, const uint32_t height)
{
  const double scale = display_scale_of(width, height);
  if (scale <= 0.0 || !canvas_resize(display->canvas, width, height, scale)) {
    return false;
  }
  display->painted = (Painted){.is_painted = false};
  return true;
}

/// Show a part of the picture, rounded outwards to pixels
static void
show_box(Display* const display, const Box box)
{
  const double   scale  = canvas_scale(display->canvas);
  const uint32_t width  = canvas_width(display->canvas);
  const uint32_t height = canvas_height(display->canvas);
  const double   left   = fmax(0.0, floor(box.x * scale));
  const double   top    = fmax(0.0, floor(box.y * scale));
  const double   right  = fmin(width, ceil((box.x + box.width) * scale));
  const double   bottom = fmin(height, ceil((box.y + box.height) * scale));
  if (right > left && bottom > top) {
    const WindowArea area = {(uint32_t)left,
                             (uint32_t)top,
                             (uint32_t)(right - left),
                             (uint32_t)(bottom - top)};
    display->table->show(display->window, canvas_pixels(display->canvas), width, area);
  }
}

void
display_show(Display* const display)
{
  const double scale = canvas_scale(display->canvas);
  show_box(display,
           (Box){0.0,
                 0.0,
                 canvas_width(display->canvas) / scale,
                 canvas_height(display->canvas) / scale});
}

void
display_update(Display* const display, const Scene* const scene)
{
  Box            boxes[PAINT_MAX_BOXES];
  const bool     is_new = !display->painted.is_painted;
  const uint32_t n      = paint_scene(display->canvas, scene, &display->painted, boxes);
  if (is_new) {
    display_show(display); // with what lies beyond the layout
    return;
  }
  for (uint32_t i = 0; i < n; ++i) {
    show_box(display, boxes[i]);
  }
}
