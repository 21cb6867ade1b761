/* SPDX-License-Identifier: GPL-3.0-or-later

   Our connections to X servers: whose errors must not end the process, which is the
   host's, and what pugl calls in Xlib's stead. */

#pragma once

#include "window/xlib.h"

#include <stdbool.h>

/// A connection, of one window.  Xlib reads events while it waits for answers and
/// whenever it flushes; then the display's own descriptor has nothing to read, though
/// there are events.
typedef struct ConnectionImpl {
  Display* display;
  int      descriptor; ///< Can be read when there are events
  int      signal;     ///< Can be read after `connection_wake`
  bool     is_lost;    ///< The server does not answer any more

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

/// Take in a connection, which stays where it is; false if the system has no more
/// descriptors, and then it is to be taken out all the same
bool
connection_add(Connection* connection);

/// Take it out, once it is closed
void
connection_remove(Connection* connection);

/// Make the descriptor readable
void
connection_wake(const Connection* connection);

/// Events are about to be taken: what woke the host is over
void
connection_begin_dispatch(const Connection* connection);

/// Send what is to be sent, and see that events which came meanwhile wake the host
void
connection_flush(const Connection* connection);

/// Take the events that there are, for nobody
void
connection_discard(const Connection* connection);

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
