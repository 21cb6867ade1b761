/* SPDX-License-Identifier: GPL-3.0-or-later

   Changes of values, as gestures: begin, values, end.  The scene has each value at
   once.

   For the window's thread. */

#pragma once

#include "editor/scene.h"

#include <stdbool.h>

/// What is done for the user; `handle` is passed to each
typedef struct {
  void* handle;
  void (*begin_edit)(void* handle, ParamIndex param);
  void (*set_value)(void* handle, ParamIndex param, double plain);
  void (*end_edit)(void* handle, ParamIndex param);

  /// Ask for a sound file
  void (*choose_file)(void* handle);

  /// Have a sound file as the reference
  void (*use_file)(void* handle, const char* path);
} PanelActions;

/// What edits need
typedef struct {
  Scene*       scene;
  PanelActions actions;
  ParamIndex   held; ///< Between begin and end; `N_PARAMS` for none
} Edits;

/// Begin a gesture; ends another
void
edits_begin(Edits* edits, ParamIndex param);

/// Set the value of the gesture, made possible; nothing if it is the same
void
edits_set(Edits* edits, double plain);

/// End the gesture, if there is one
void
edits_end(Edits* edits);

/// Set a value by a gesture of its own
void
edits_set_once(Edits* edits, ParamIndex param, double plain);

/// Step a control by so many steps, finely or not; a list by its entries
void
edits_step(Edits* edits, Control control, double n_steps, bool fine);

/// Give a control its default
void
edits_reset(Edits* edits, Control control);

/// Do what a switch or button does
void
edits_press(Edits* edits, Control control);

/// Return whether a control can be used
bool
edits_are_possible(const Scene* scene, Control control);
