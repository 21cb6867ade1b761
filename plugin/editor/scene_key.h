/* SPDX-License-Identifier: GPL-3.0-or-later

   Numbers that differ where the pictures of two scenes differ, part by part.

   All functions are pure. */

#pragma once

#include "editor/scene.h"

#include <stdint.h>

/// Return the number of a control or area
uint64_t
scene_key(const Scene* scene, Control control);

/// Return the number of the open list
uint64_t
scene_key_list(const Scene* scene);

/// Return the number of the tooltip
uint64_t
scene_key_tooltip(const Scene* scene);
