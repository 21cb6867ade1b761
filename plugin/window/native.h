/* SPDX-License-Identifier: GPL-3.0-or-later

   What a window needs of its system beyond pugl: pixels, drops, and a file dialog.

   All functions are for the window's thread, between `native_enter` and
   `native_leave`. */

#pragma once

#include "window/window.h"

#include <stdbool.h>
#include <stdint.h>

/// One window's part of the system
typedef struct NativeImpl Native;

/// Begin a call of ours.  Calls may lie within calls.
void
native_enter(void);

/// End it
void
native_leave(void);

/// Begin and end the making of a pugl world, before there is a `Native` for it
void
native_set_opening(bool is_opening);

/// Return why there is no pugl world
const char*
native_no_world(void);

/// Return what our windows are called among others
const char*
native_class(void);

/// Return how pugl is to make windows
const struct PuglBackendImpl*
native_backend(void);

/// Return how many of pugl's pixels are one of ours
double
native_unit(void);

/// Return the part of a pugl world, or NULL.  `handler` is called with the events that
/// pugl does not have: of drags, of drops, of the dialog, and `WINDOW_CLOSED`.
Native*
native_new(void* world, WindowHandler handler, void* context);

/// Take the window that pugl has made; false if the system has refused it
bool
native_attach(Native* native, uintptr_t window);

/// Let go of the window, before pugl destroys it
void
native_detach(Native* native);

/// Free it, after the pugl world; may be NULL
void
native_free(Native* native);

/// See to what wakes the host: before pugl's update
void
native_begin_dispatch(Native* native);

/// See to what pugl has not: after its update
void
native_finish_dispatch(Native* native);

/// Send what is to be sent, and see that `dispatch` will be called if there are events:
/// at the end of each call
void
native_finish_call(Native* native);

/// Show a part of a picture
void
native_show(Native* native, const uint32_t* pixels, uint32_t stride, WindowArea area);

/// Take the focus of the keyboard
void
native_grab_focus(Native* native);

/// Return a descriptor that can be read when there are events, or -1
int
native_descriptor(const Native* native);

/// Open a file dialog; false if there is none, or one is open already
bool
native_choose_file(Native* native, const char* title, double scale);

/// Return whether the window can still be used
bool
native_is_alive(const Native* native);
