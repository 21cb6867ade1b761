/* SPDX-License-Identifier: GPL-3.0-or-later

   The picture of the reference: its name, notes, shape, and what is wrong with it.

   All functions are for the thread of the canvas. */

#pragma once

#include "editor/canvas.h"
#include "editor/scene.h"

/// Paint the slot without its controls
void
paint_slot(Canvas* canvas, const Scene* scene);
