/* SPDX-License-Identifier: GPL-3.0-or-later

   pugl's events as those of `window.h`.

   All functions are for the window's thread. */

#pragma once

#include "window/window.h"

#include <pugl/pugl.h>

#include <stdbool.h>
#include <stdint.h>

/// What is known of a window from its events so far
typedef struct {
  WindowHandler handler;
  void*         context; ///< For `handler`
  double        unit;    ///< How many of pugl's pixels are one of ours
  uint32_t      width;
  uint32_t      height;
  uint32_t      buttons; ///< Those that are down, as bits
  WindowEvent   last_press;
  double        last_press_s;
  bool          has_focus;
  bool          is_outside; ///< The pointer has left while a button was down
  bool          is_closed;  ///< There are to be no events any more
} PuglEvents;

/// Take an event of pugl
void
pugl_events_take(PuglEvents* events, const PuglEvent* event);

/// Take an event that pugl does not have; a `WindowHandler`, whose context is a
/// `PuglEvents`
void
pugl_events_take_native(void* context, const WindowEvent* event);
