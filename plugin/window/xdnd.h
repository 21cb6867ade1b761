/* SPDX-License-Identifier: GPL-3.0-or-later

   Files dropped on a window, by the protocol Xdnd of freedesktop.org, as its target.

   All functions are for the window's thread. */

#pragma once

#include "window/window.h"
#include "window/xlib.h"

#include <stdbool.h>

/// Names in the protocol, as the server numbers them
typedef struct {
  Atom aware;
  Atom enter;
  Atom position;
  Atom status;
  Atom leave;
  Atom drop;
  Atom finished;
  Atom selection;
  Atom type_list;
  Atom action_copy;
  Atom uri_list;
  Atom property; ///< Of our window, to which the source writes
} XdndAtoms;

/// A window that takes files
typedef struct {
  Display*      display;
  XWindow       window;
  WindowHandler handler; ///< For `WINDOW_DRAG`, `WINDOW_DRAG_LEAVE`, `WINDOW_DROP`
  void*         context;
  XdndAtoms     atoms;
  XWindow       source;     ///< Whose drag is over the window, or None
  bool          is_offered; ///< The source has files
  bool          is_shown;   ///< `WINDOW_DRAG` was the last event
} Xdnd;

/// Say that a window takes files
void
xdnd_start(Xdnd*         xdnd,
           Display*      display,
           XWindow       window,
           WindowHandler handler,
           void*         context);

/// Take an event; return whether it belongs to the protocol
bool
xdnd_take_event(Xdnd* xdnd, const XEvent* event);
