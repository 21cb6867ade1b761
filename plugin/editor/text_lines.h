/* SPDX-License-Identifier: GPL-3.0-or-later

   Text that is broken into lines, at spaces and at '\n'.

   All functions are for the thread of the canvas. */

#pragma once

#include "editor/canvas.h"

#include <stdint.h>

/// How text is set
typedef struct {
  double size;   ///< Of letters
  double height; ///< From one line to the next
  Colour colour;
} TextStyle;

/// Return how many lines a text takes in a width
uint32_t
text_lines_count(const Canvas* canvas, double width, const char* text, double size);

/// Paint up to so many lines from the top of a box; the last one has all the rest, and
/// ends in an ellipsis if that does not fit
void
text_lines_paint(Canvas*          canvas,
                 Box              box,
                 const char*      text,
                 const TextStyle* style,
                 uint32_t         max_lines);
