/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/canvas.h"

#include "editor/font.h"
#include "editor/pixels.h"
#include "editor/shapes.h"
#include "editor/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ELLIPSIS = 0x2026 };

struct CanvasImpl {
  uint32_t  width;
  uint32_t  height;
  double    scale;
  uint32_t* pixels;
  float*    steps; ///< Of coverage, from each pixel of a row to the next
  Font*     font;
  int       clip_left; ///< Pixels
  int       clip_top;
  int       clip_right;
  int       clip_bottom;
};

Canvas*
canvas_new(void)
{
  Canvas* const canvas = (Canvas*)calloc(1, sizeof(Canvas));
  if (canvas) {
    canvas->scale = 1;
    canvas->font  = font_new();
  }
  if (canvas && !canvas->font) {
    free(canvas);
    return NULL;
  }
  return canvas;
}

void
canvas_free(Canvas* const canvas)
{
  if (canvas) {
    font_free(canvas->font);
    free(canvas->steps);
    free(canvas->pixels);
    free(canvas);
  }
}

bool
canvas_resize(Canvas* const  canvas,
              const uint32_t width,
              const uint32_t height,
              const double   scale)
{
  const size_t    n      = (size_t)width * height;
  uint32_t* const pixels = (uint32_t*)malloc((n + 1) * sizeof(uint32_t));
  float* const    steps  = (float*)malloc(((size_t)width + 2) * sizeof(float));
  if (!pixels || !steps) {
    free(pixels);
    free(steps);
    return false;
  }
  for (size_t i = 0; i < n; ++i) {
    pixels[i] = 0xFF000000U;
  }
  free(canvas->pixels);
  free(canvas->steps);
  canvas->pixels = pixels;
  canvas->steps  = steps;
  canvas->width  = width;
  canvas->height = height;
  canvas->scale  = scale;
  canvas_reset_clip(canvas);
  return true;
}

uint32_t*
canvas_pixels(Canvas* const canvas)
{
  return canvas->pixels;
}

uint32_t
canvas_width(const Canvas* const canvas)
{
  return canvas->width;
}

uint32_t
canvas_height(const Canvas* const canvas)
{
  return canvas->height;
}

double
canvas_scale(const Canvas* const canvas)
{
  return canvas->scale;
}

/// Return a number within limits, as an integer
static int
limit(const double value, const int min, const int max)
{
  return value > min ? value < max ? (int)value : max : min;
}

/// Return the corners of a box in pixels
static Edges
edges_of(const Canvas* const canvas, const Box box)
{
  const double scale = canvas->scale;
  return (Edges){.left   = box.x * scale,
                 .top    = box.y * scale,
                 .right  = (box.x + box.width) * scale,
                 .bottom = (box.y + box.height) * scale};
}

void
canvas_set_clip(Canvas* const canvas, const Box box)
{
  const Edges  edges  = edges_of(canvas, box);
  const int    width  = (int)canvas->width;
  const int    height = (int)canvas->height;
  const double slack  = 1e-6; // sums of a layout that should be whole

  canvas->clip_left   = limit(floor(edges.left + slack), 0, width);
  canvas->clip_top    = limit(floor(edges.top + slack), 0, height);
  canvas->clip_right  = limit(ceil(edges.right - slack), 0, width);
  canvas->clip_bottom = limit(ceil(edges.bottom - slack), 0, height);
}

void
canvas_reset_clip(Canvas* const canvas)
{
  canvas->clip_left   = 0;
  canvas->clip_top    = 0;
  canvas->clip_right  = (int)canvas->width;
  canvas->clip_bottom = (int)canvas->height;
}

/// Return how much of a pixel lies between two edges
static double
overlap(const int pixel, const double low, const double high)
{
  return fmax(0, fmin(high, pixel + 1.0) - fmax(low, pixel));
}

void
canvas_fill(Canvas* const canvas, const Box box, const Colour colour)
{
  const Edges e      = edges_of(canvas, box);
  const int   left   = limit(floor(e.left), canvas->clip_left, canvas->clip_right);
  const int   right  = limit(ceil(e.right), canvas->clip_left, canvas->clip_right);
  const int   top    = limit(floor(e.top), canvas->clip_top, canvas->clip_bottom);
  const int   bottom = limit(ceil(e.bottom), canvas->clip_top, canvas->clip_bottom);
  if (left >= right) {
    return;
  }
  for (int y = top; y < bottom; ++y) {
    uint32_t* const row   = canvas->pixels + (size_t)y * canvas->width;
    const double    share = overlap(y, e.top, e.bottom);
    pixels_fill(row + left, 1, colour, share * overlap(left, e.left, e.right));
    if (right - left > 2) {
      pixels_fill(row + left + 1, right - left - 2, colour, share);
    }
    if (right - left > 1) {
      pixels_fill(
        row + right - 1, 1, colour, share * overlap(right - 1, e.left, e.right));
    }
  }
}

/// Fill a shape without a hole, or NULL
static void
fill_shape(Canvas* const      canvas,
           const Shape* const shape,
           const Shape* const hole,
           const Colour       colour)
{
  const Edges* const e   = &shape->edges;
  const int          top = limit(floor(e->top), canvas->clip_top, canvas->clip_bottom);
  const int          bottom = limit(ceil(e->bottom), top, canvas->clip_bottom);
  const int   left  = limit(floor(e->left), canvas->clip_left, canvas->clip_right);
  const int   right = limit(ceil(e->right), left, canvas->clip_right);
  const int   n     = right - left;
  const Steps steps = {.left = left, .right = right, .values = canvas->steps};
  if (!n) {
    return;
  }
  for (int y = top; y < bottom; ++y) {
    memset(canvas->steps, 0, ((size_t)n + 2) * sizeof(float));
    shape_cover_row(shape, y, 1, &steps);
    if (hole) {
      shape_cover_row(hole, y, -1, &steps);
    }
    uint32_t* const row   = canvas->pixels + (size_t)y * canvas->width + (size_t)left;
    double          share = 0;
    for (int x = 0; x < n; ++x) {
      share += (double)canvas->steps[x];
      pixels_fill(row + x, 1, colour, fmax(0, fmin(share, 1)));
    }
  }
}

void
canvas_fill_round(Canvas* const canvas,
                  const Box     box,
                  const double  radius,
                  const Colour  colour)
{
  const Shape shape = shape_round_box(edges_of(canvas, box), radius * canvas->scale);
  fill_shape(canvas, &shape, NULL, colour);
}

void
canvas_stroke_round(Canvas* const canvas,
                    const Box     box,
                    const double  radius,
                    const double  line_width,
                    const Colour  colour)
{
  const Edges  e    = edges_of(canvas, box);
  const double w    = line_width * canvas->scale;
  const double r    = radius * canvas->scale;
  const Edges  in   = {e.left + w, e.top + w, e.right - w, e.bottom - w};
  const Shape  out  = shape_round_box(e, r);
  const Shape  hole = shape_round_box(in, fmax(0, out.radius - w));
  fill_shape(canvas, &out, in.left < in.right ? &hole : NULL, colour);
}

/// Fill a convex polygon of up to 4 points of the layout
static void
fill_polygon(Canvas* const       canvas,
             const double* const points,
             const int           n,
             const Colour        colour)
{
  double pixels[8] = {0};
  for (int i = 0; i < 2 * n; ++i) {
    pixels[i] = points[i] * canvas->scale;
  }
  const Shape shape = shape_polygon(pixels, n);
  fill_shape(canvas, &shape, NULL, colour);
}

void
canvas_line(Canvas* const canvas,
            const double  x0,
            const double  y0,
            const double  x1,
            const double  y1,
            const double  line_width,
            const Colour  colour)
{
  const double length = hypot(x1 - x0, y1 - y0);
  if (length > 0) {
    const double dx = (y0 - y1) / length * line_width / 2;
    const double dy = (x1 - x0) / length * line_width / 2;

    const double points[8] = {
      x0 + dx, y0 + dy, x1 + dx, y1 + dy, x1 - dx, y1 - dy, x0 - dx, y0 - dy};
    fill_polygon(canvas, points, 4, colour);
  }
}

void
canvas_fill_triangle(Canvas* const canvas, const double points[6], const Colour colour)
{
  fill_polygon(canvas, points, 3, colour);
}

double
canvas_text_width(const Canvas* const canvas, const char* const text, const double size)
{
  return text_width(canvas->font, text, NULL, size * canvas->scale) / canvas->scale;
}

/// Paint a glyph at a pen
static void
paint_glyph(Canvas* const canvas,
            const Glyph   glyph,
            const int     x,
            const int     y,
            const Colour  colour)
{
  const uint32_t alpha = colour >> 24U;
  for (int j = 0; j < glyph.height; ++j) {
    const int row = y + glyph.top + j;
    if (row < canvas->clip_top || row >= canvas->clip_bottom) {
      continue;
    }
    for (int i = 0; i < glyph.width; ++i) {
      const int      column = x + glyph.left + i;
      const uint32_t cover  = glyph.coverage[(ptrdiff_t)j * glyph.width + i];
      if (cover && column >= canvas->clip_left && column < canvas->clip_right) {
        pixel_blend(&canvas->pixels[(size_t)row * canvas->width + (size_t)column],
                    colour,
                    (cover * alpha + 127) / 255);
      }
    }
  }
}

void
canvas_text(Canvas* const canvas,
            const Box     box,
            const Align   align,
            const char*   text,
            const double  size,
            const Colour  colour)
{
  const double px    = size * canvas->scale;
  const Edges  e     = edges_of(canvas, box);
  const int    room  = (int)floor(e.right - e.left + 0.5);
  int          width = text_width(canvas->font, text, NULL, px);
  const char*  end   = NULL;
  const Glyph  dots  = font_glyph(canvas->font, ELLIPSIS, px);
  if (width > room) {
    end   = text_fit(canvas->font, text, px, room - dots.advance);
    width = text_width(canvas->font, text, end, px) + dots.advance;
    if (width > room) {
      return; // not even the ellipsis fits
    }
  }

  const double offset = align == ALIGN_LEFT ? 0 : align == ALIGN_RIGHT ? 1 : 0.5;
  const int y = (int)lround((e.top + e.bottom) / 2) + font_base_line(canvas->font, px);
  int       x = (int)lround(e.left + offset * (room - width));
  while (*text && text != end) {
    const Glyph glyph = text_next(canvas->font, &text, px);
    paint_glyph(canvas, glyph, x, y, colour);
    x += glyph.advance;
  }
  if (end) {
    paint_glyph(canvas, font_glyph(canvas->font, ELLIPSIS, px), x, y, colour);
  }
}

void
canvas_picture(Canvas* const         canvas,
               const Box             box,
               const uint32_t* const pixels,
               const uint32_t        stride,
               const uint32_t        width,
               const uint32_t        height)
{
  const Edges e  = edges_of(canvas, box);
  const int   x0 = (int)lround(e.left);
  const int   y0 = (int)lround(e.top);
  const int   x1 = (int)lround(e.right);
  const int   y1 = (int)lround(e.bottom);
  if (!width || !height) {
    return;
  }
  const int left   = limit(x0, canvas->clip_left, canvas->clip_right);
  const int right  = limit(x1, canvas->clip_left, canvas->clip_right);
  const int top    = limit(y0, canvas->clip_top, canvas->clip_bottom);
  const int bottom = limit(y1, canvas->clip_top, canvas->clip_bottom);
  for (int y = top; y < bottom && left < right; ++y) {
    const uint64_t        row  = (uint64_t)(y - y0) * height / (uint64_t)(y1 - y0);
    const uint32_t* const from = pixels + row * stride;
    uint32_t* const       to   = canvas->pixels + (size_t)y * canvas->width;
    if (x1 - x0 == (int)width) {
      memcpy(to + left, from + left - x0, (size_t)(right - left) * sizeof(uint32_t));
      continue;
    }
    for (int x = left; x < right; ++x) {
      to[x] = from[(uint64_t)(x - x0) * width / (uint64_t)(x1 - x0)];
    }
  }
}

Box
box_union(const Box one, const Box other)
{
  const double x = fmin(one.x, other.x);
  const double y = fmin(one.y, other.y);
  return (Box){.x      = x,
               .y      = y,
               .width  = fmax(one.x + one.width, other.x + other.width) - x,
               .height = fmax(one.y + one.height, other.y + other.height) - y};
}

bool
box_has(const Box box, const double x, const double y)
{
  return x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
}
