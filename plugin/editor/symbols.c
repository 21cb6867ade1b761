/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/symbols.h"

#include "editor/theme.h"

#define FOCUS_DISTANCE 2.0
#define FOCUS_WIDTH    1.5

Box
symbols_grow(const Box box, const double by)
{
  return (Box){box.x - by, box.y - by, box.width + 2.0 * by, box.height + 2.0 * by};
}

Box
symbols_inset(const Box box, const double left, const double right)
{
  return (Box){box.x + left, box.y, box.width - left - right, box.height};
}

void
symbols_button(Canvas* const canvas,
               const Box     box,
               const bool    is_on,
               const bool    is_hovered,
               const bool    is_pressed)
{
  Colour colour = is_hovered ? THEME_HOVER : THEME_CONTROL;
  if (is_on) {
    colour = THEME_LIT;
  } else if (is_pressed) {
    colour = THEME_TRACK;
  }
  canvas_fill_round(canvas, box, THEME_RADIUS, colour);
}

void
symbols_focus(Canvas* const canvas, const Box box)
{
  canvas_stroke_round(canvas,
                      symbols_grow(box, FOCUS_DISTANCE),
                      THEME_RADIUS + FOCUS_DISTANCE,
                      FOCUS_WIDTH,
                      THEME_FOCUS);
}

void
symbols_arrow(Canvas* const canvas,
              const double  x,
              const double  y,
              const char    direction,
              const Colour  colour)
{
  const double down[6]  = {x - 4.0, y - 2.0, x + 4.0, y - 2.0, x, y + 3.0};
  const double left[6]  = {x + 2.5, y - 4.5, x + 2.5, y + 4.5, x - 3.0, y};
  const double right[6] = {x - 2.5, y - 4.5, x - 2.5, y + 4.5, x + 3.0, y};
  canvas_fill_triangle(canvas,
                       direction == 'v'   ? down
                       : direction == '<' ? left
                                          : right,
                       colour);
}

static void
paint_disc(Canvas* const canvas,
           const double  x,
           const double  y,
           const double  radius,
           const Colour  colour)
{
  const Box box = {x - radius, y - radius, 2.0 * radius, 2.0 * radius};
  canvas_fill_round(canvas, box, radius, colour);
}

/// Paint a triangle with a stroke and a dot in it
static void
paint_caution(Canvas* const canvas, const double x, const double y)
{
  const double triangle[6] = {x, y - 6.5, x + 7.0, y + 5.5, x - 7.0, y + 5.5};
  canvas_fill_triangle(canvas, triangle, COLOUR_WARNING);
  canvas_line(canvas, x, y - 2.5, x, y + 1.5, 1.5, COLOUR_WELL);
  canvas_line(canvas, x, y + 2.75, x, y + 4.25, 1.5, COLOUR_WELL);
}

/// Paint a disc with a cross in it
static void
paint_failure(Canvas* const canvas, const double x, const double y)
{
  paint_disc(canvas, x, y, 6.5, COLOUR_WARNING);
  canvas_line(canvas, x - 2.5, y - 2.5, x + 2.5, y + 2.5, 1.75, COLOUR_WELL);
  canvas_line(canvas, x - 2.5, y + 2.5, x + 2.5, y - 2.5, 1.75, COLOUR_WELL);
}

/// Paint a disc with a tick in it
static void
paint_success(Canvas* const canvas, const double x, const double y)
{
  paint_disc(canvas, x, y, 6.5, COLOUR_EXTRACTED);
  canvas_line(canvas, x - 3.0, y + 0.25, x - 0.75, y + 2.5, 1.75, COLOUR_WELL);
  canvas_line(canvas, x - 1.0, y + 2.75, x + 3.25, y - 2.25, 1.75, COLOUR_WELL);
}

void
symbols_level(Canvas* const canvas, const double x, const double y, const Level level)
{
  const Box ring = {x - 6.0, y - 6.0, 12.0, 12.0};
  switch (level) {
    case LEVEL_GOOD:
      paint_success(canvas, x, y);
      break;
    case LEVEL_BUSY:
      canvas_stroke_round(canvas, ring, 6.0, 1.5, THEME_BUSY);
      for (int i = -1; i <= 1; ++i) {
        paint_disc(canvas, x + 3.0 * i, y, 1.0, THEME_BUSY);
      }
      break;
    case LEVEL_WARNING:
      paint_caution(canvas, x, y);
      break;
    case LEVEL_ERROR:
      paint_failure(canvas, x, y);
      break;
    default:
      canvas_stroke_round(canvas, ring, 6.0, 1.5, COLOUR_FAINT);
  }
}
