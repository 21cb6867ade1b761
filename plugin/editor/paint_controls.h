/* SPDX-License-Identifier: GPL-3.0-or-later

   Pictures of controls.

   All functions are for the thread of the canvas. */

#pragma once

#include "editor/canvas.h"
#include "editor/scene.h"

/// Paint a control with its label
void
paint_control(Canvas* canvas, const Scene* scene, Control control);
