/* SPDX-License-Identifier: GPL-3.0-or-later

   The picture of a scene, of which only what has changed is painted again.

   All functions are for the thread of the canvas. */

#pragma once

#include "editor/canvas.h"
#include "editor/controls.h"
#include "editor/scene.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  PAINT_PARTS     = N_AREAS + 3, ///< Controls and areas, title, list and tooltip
  PAINT_MAX_BOXES = 2 * PAINT_PARTS
};

/// What the canvas shows
typedef struct {
  bool     is_painted; ///< False: nothing of it can be kept
  uint64_t keys[PAINT_PARTS];
  Box      boxes[PAINT_PARTS];
} Painted;

/**
   Paint what differs from what the canvas shows.

   @param boxes Gets the boxes that were painted, which may overlap.
   @return How many.
*/
uint32_t
paint_scene(Canvas*      canvas,
            const Scene* scene,
            Painted*     painted,
            Box          boxes[PAINT_MAX_BOXES]);
