/* SPDX-License-Identifier: GPL-3.0-or-later

   Pictures of what lies over the rest: an open list, and a tooltip.

   All functions are for the thread of the canvas. */

#pragma once

#include "editor/canvas.h"
#include "editor/scene.h"

/// Return the box of the open list with its edge, or one without a size
Box
paint_list_box(const Scene* scene);

/// Paint the open list, if there is one
void
paint_open_list(Canvas* canvas, const Scene* scene);

/// Return the box of the tooltip, or one without a size
Box
paint_tooltip_box(const Canvas* canvas, const Scene* scene);

/// Paint the tooltip, if there is one
void
paint_tooltip(Canvas* canvas, const Scene* scene);
