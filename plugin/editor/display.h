/* SPDX-License-Identifier: GPL-3.0-or-later

   A canvas with the picture of a scene, and the window that shows it.

   For the window's thread. */

#pragma once

#include "editor/canvas.h"
#include "editor/paint.h"
#include "window/window.h"

#include <stdbool.h>
#include <stdint.h>

/// A picture and its window
typedef struct {
  const WindowTable* table;
  Window*            window; ///< NULL while none is open
  Canvas*            canvas;
  Painted            painted;
} Display;

/// Return the scale at which the layout fits a size
double
display_scale_of(uint32_t width, uint32_t height);

/// Have a picture of a size; return false, with it as it was, if that cannot be
bool
display_resize(Display* display, uint32_t width, uint32_t height);

/// Show all that has been painted
void
display_show(Display* display);

/// Paint and show what differs in a scene
void
display_update(Display* display, const Scene* scene);
