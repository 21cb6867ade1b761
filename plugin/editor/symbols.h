/* SPDX-License-Identifier: GPL-3.0-or-later

   Shapes that many parts of the window are painted of.

   All functions are for the thread of the canvas. */

#pragma once

#include "editor/canvas.h"
#include "editor/words.h"

#include <stdbool.h>

/// Return a box that is larger by so much on each side
Box
symbols_grow(Box box, double by);

/// Return the part of a box that remains at a distance from its left and right edges
Box
symbols_inset(Box box, double left, double right);

/// Paint the ground of a button
void
symbols_button(Canvas* canvas, Box box, bool is_on, bool is_hovered, bool is_pressed);

/// Paint a line around what keys go to
void
symbols_focus(Canvas* canvas, Box box);

/// Paint a small triangle about a point that points left, right or down: '<', '>', 'v'
void
symbols_arrow(Canvas* canvas, double x, double y, char direction, Colour colour);

/// Paint the symbol of a status; its shape says as much as its colour
void
symbols_level(Canvas* canvas, double x, double y, Level level);
