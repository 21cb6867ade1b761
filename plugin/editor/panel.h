/* SPDX-License-Identifier: GPL-3.0-or-later

   The window's controls: events in, edits out, and the scene as it looks then.

   It knows neither an instance nor a window.  For the window's thread. */

#pragma once

#include "editor/edits.h"
#include "editor/pointer.h"
#include "editor/scene.h"
#include "window/window.h"

#include <stdint.h>

/// The controls
typedef struct {
  Edits   edits;
  Pointer pointer;
} Panel;

/// Return controls that the user does not touch; the scene outlives them
Panel
panel_new(Scene* scene, const PanelActions* actions);

/// Take an event, in units of the layout, at a time
void
panel_handle(Panel* panel, const WindowEvent* event, uint64_t now_ms);

/// Let time pass
void
panel_tick(Panel* panel, uint64_t now_ms);

/// Let go of everything, as before the window closes
void
panel_release(Panel* panel);
