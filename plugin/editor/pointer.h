/* SPDX-License-Identifier: GPL-3.0-or-later

   What the mouse does: press, drag, wheel, and rest for a tooltip.

   Events are in units of the layout.  For the window's thread. */

#pragma once

#include "editor/edits.h"
#include "window/window.h"

#include <stdbool.h>
#include <stdint.h>

/// Where the pointer is, and what it holds
typedef struct {
  double   x; ///< Of the last event
  double   y;
  double   value;      ///< Of a drag, not rounded
  double   distance;   ///< Of a drag
  double   wheel;      ///< Parts of a step that have not counted yet
  Control  wheel_on;   ///< Where
  bool     may_rest;   ///< A tooltip may come
  uint64_t resting_ms; ///< Since when
} Pointer;

/// Return a pointer outside
Pointer
pointer_new(void);

/// Take the press of a button
void
pointer_press(Pointer* pointer, Edits* edits, const WindowEvent* event);

/// Take a move at a time
void
pointer_move(Pointer* pointer, Edits* edits, const WindowEvent* event, uint64_t now_ms);

/// Take the release of a button
void
pointer_release(Pointer* pointer, Edits* edits, const WindowEvent* event);

/// Take steps of the wheel
void
pointer_scroll(Pointer* pointer, Edits* edits, const WindowEvent* event);

/// Have the pointer outside
void
pointer_leave(Pointer* pointer, Edits* edits);

/// Show a tooltip when it is time
void
pointer_tick(const Pointer* pointer, Edits* edits, uint64_t now_ms);

/// Hide the tooltip until the pointer goes elsewhere
void
pointer_hide_tooltip(Pointer* pointer, Edits* edits);
