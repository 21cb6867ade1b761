/* SPDX-License-Identifier: GPL-3.0-or-later

   The plugin's window, whatever the format: what an instance extracts, and every
   parameter of it.

   All functions are for the host's main thread.  An editor that is not open computes
   nothing, and neither does the worker for it. */

#pragma once

#include "core/instance.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  EDITOR_WIDTH     = 720, ///< Pixels at a scale of 1
  EDITOR_HEIGHT    = 420,
  EDITOR_MAX_SCALE = 2,
  EDITOR_TICK_MS   = 33 ///< How often `editor_tick` is to be called
};

/// What a format does for the editor; `handle` is passed to each
typedef struct {
  void* handle;

  /// The user takes hold of a parameter
  void (*begin_edit)(void* handle, ParamIndex index);

  /// The instance has a new value, which the host is to know
  void (*report_value)(void* handle, ParamIndex index, double plain);

  /// The user lets go of it
  void (*end_edit)(void* handle, ParamIndex index);

  /// The list of targets has grown
  void (*report_names)(void* handle);

  /// Ask the host for another size in pixels; false if it refuses
  bool (*request_size)(void* handle, uint32_t width, uint32_t height);

  /// The user has closed a window that has no parent
  void (*report_closed)(void* handle);
} EditorHost;

/// An editor, open or not
typedef struct EditorImpl Editor;

/// Return an editor that is not open, or NULL without memory, or where no window can be
/// had at all, so that the host shows its own list.  The instance outlives it.
Editor*
editor_new(Instance* instance, const EditorHost* host);

/// Close and free an editor; may be NULL
void
editor_free(Editor* editor);

/// Open a window in the host's, or without a parent if that is 0; return false and say
/// why on stderr if there can be none, as while another editor of the instance is open
bool
editor_open(Editor* editor, uintptr_t parent, const char* title);

/// Close the window, if it is open
void
editor_close(Editor* editor);

/// Return whether the window is open
bool
editor_is_open(const Editor* editor);

/// Choose the scale where the host says one, any number: it is held within 1 and 2.  An
/// open window asks the host for the size.
void
editor_set_scale(Editor* editor, double scale);

/// Write the size in pixels
void
editor_size(const Editor* editor, uint32_t* width, uint32_t* height);

/// Take the size that the host has given the window
void
editor_set_size(Editor* editor, uint32_t width, uint32_t height);

/// Replace a size by the nearest that is possible: all have the same proportions
void
editor_constrain_size(uint32_t* width, uint32_t* height);

/// Return the descriptor that can be read when `editor_dispatch` has something to do,
/// or -1
int
editor_descriptor(const Editor* editor);

/// Return the system's number of the window, or 0
uintptr_t
editor_native(const Editor* editor);

/// Take what the user has done
void
editor_dispatch(Editor* editor);

/// The same, and take what has changed in the instance, and paint what differs
void
editor_tick(Editor* editor);
