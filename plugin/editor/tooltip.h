/* SPDX-License-Identifier: GPL-3.0-or-later

   What is said of a control where the pointer rests.

   All functions are pure. */

#pragma once

#include "editor/scene.h"

#include <stddef.h>

enum {
  TOOLTIP_SIZE     = 640, ///< Bytes that hold any, with its end
  TOOLTIP_DELAY_MS = 600  ///< For which the pointer rests
};

/// Write the name of a control or area, what it is for, its default, and keys, as lines
/// that end in '\n' but for the last
void
tooltip_write(const Scene* scene, Control control, char* text, size_t size);
