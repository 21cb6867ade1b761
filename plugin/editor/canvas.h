/* SPDX-License-Identifier: GPL-3.0-or-later

   Paint boxes, lines, text and pictures into a buffer of pixels, without a display.

   Coordinates are those of a layout at a scale of 1, from the top left; edges that fall
   between pixels are antialiased.  For one thread. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// 0xAARRGGBB, not premultiplied
typedef uint32_t Colour;

/// A box in the coordinates of the layout
typedef struct {
  double x;
  double y;
  double width;
  double height;
} Box;

/// Where text lies in its box; it is centred vertically
typedef enum { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT } Align;

/// A buffer of pixels
typedef struct CanvasImpl Canvas;

/// Return an empty canvas, or NULL
Canvas*
canvas_new(void);

/// Free a canvas; may be NULL
void
canvas_free(Canvas* canvas);

/// Have so many pixels, all black, at a scale; return false without memory, with the
/// canvas as it was
bool
canvas_resize(Canvas* canvas, uint32_t width, uint32_t height, double scale);

/// Return rows of `canvas_width` pixels, 0xFFRRGGBB, valid until it is resized
uint32_t*
canvas_pixels(Canvas* canvas);

/// Return the width in pixels
uint32_t
canvas_width(const Canvas* canvas);

/// Return the height in pixels
uint32_t
canvas_height(const Canvas* canvas);

/// Return the pixels of a unit of the layout
double
canvas_scale(const Canvas* canvas);

/// Paint only inside a box from now on, rounded outwards to pixels
void
canvas_set_clip(Canvas* canvas, Box box);

/// Paint everywhere from now on
void
canvas_reset_clip(Canvas* canvas);

/// Fill a box
void
canvas_fill(Canvas* canvas, Box box, Colour colour);

/// Fill a box with round corners
void
canvas_fill_round(Canvas* canvas, Box box, double radius, Colour colour);

/// Draw a line of a width along the inside of a box with round corners
void
canvas_stroke_round(Canvas* canvas,
                    Box     box,
                    double  radius,
                    double  line_width,
                    Colour  colour);

/// Draw a line with flat ends
void
canvas_line(Canvas* canvas,
            double  x0,
            double  y0,
            double  x1,
            double  y1,
            double  line_width,
            Colour  colour);

/// Fill a triangle of three points: x0, y0, x1, y1, x2, y2
void
canvas_fill_triangle(Canvas* canvas, const double points[6], Colour colour);

/// Draw one line of UTF-8 text; what does not fit the box ends in an ellipsis
void
canvas_text(Canvas*     canvas,
            Box         box,
            Align       align,
            const char* text,
            double      size,
            Colour      colour);

/// Return the width of a line of text of a size, in units of the layout
double
canvas_text_width(const Canvas* canvas, const char* text, double size);

/// Draw a picture of opaque pixels, in rows of `stride`, stretched to a box whose edges
/// are rounded to pixels
void
canvas_picture(Canvas*         canvas,
               Box             box,
               const uint32_t* pixels,
               uint32_t        stride,
               uint32_t        width,
               uint32_t        height);

/// Return the smallest box of the layout that holds two
Box
box_union(Box one, Box other);

/// Return whether a point is in a box
bool
box_has(Box box, double x, double y);
