/* SPDX-License-Identifier: GPL-3.0-or-later

   The picture of a short sound by its peaks.

   For the thread of the canvas. */

#pragma once

#include "editor/canvas.h"
#include "python/bridge_table.h"

/// Paint the peaks of a reference, symmetrically about the middle of a box
void
thumbnail_paint(Canvas*                 canvas,
                Box                     box,
                const ReferenceSummary* summary,
                Colour                  colour);
