/* SPDX-License-Identifier: GPL-3.0-or-later

   Our connections to X servers: whose errors must not end the process, which is the
   host's, and what pugl calls in Xlib's stead. */

#pragma once

#include "window/xlib.h"

#include <stdbool.h>

/// A connection, of one window
typedef struct ConnectionImpl {
  Display* display;
  bool     is_lost; ///< The server does not answer any more

  /// Take an event before pugl; true if pugl is not to have it
  bool (*filter)(void* context, XEvent* event);
  void*                  context; ///< For `filter`
  struct ConnectionImpl* next;
} Connection;

/// Ignore errors of our connections until `connection_leave`.  Calls may lie within
/// calls, and threads may do so at the same time.
void
connection_enter(void);

/// Leave errors to whoever saw them before
void
connection_leave(void);

/// Ignore all errors of this thread: it opens a connection, which nothing else knows
/// yet
void
connection_set_opening(bool is_opening);

/// Take in a connection; it stays where it is
void
connection_add(Connection* connection);

/// Take it out, once it is closed
void
connection_remove(Connection* connection);

/// Stop the descriptor of a lost connection from being readable
void
connection_quiet(const Connection* connection);

/// For pugl instead of XNextEvent: what the filter has taken comes as an empty event
int
x11_next_event(Display* display, XEvent* event);

/// For pugl instead of XCreateWindow: a parent of another depth does not matter
XWindow
x11_create_window(Display*              display,
                  XWindow               parent,
                  int                   x,
                  int                   y,
                  unsigned              width,
                  unsigned              height,
                  unsigned              border_width,
                  int                   depth,
                  unsigned              type,
                  Visual*               visual,
                  unsigned long         mask,
                  XSetWindowAttributes* attributes);

/// For pugl instead of XGetWindowAttributes: those of a window that is gone are 0
Status
x11_window_attributes(Display* display, XWindow window, XWindowAttributes* attributes);
