/* SPDX-License-Identifier: GPL-3.0-or-later

   How far the capture of a bar is, from the bars of the song.

   For one thread. */

#pragma once

#include "editor/scene.h"
#include "editor/song.h"

#include <stdbool.h>

/// The bar that is awaited
typedef struct {
  bool     is_on;
  double   start_frame; ///< Of the input, at which `Learn` went on
  uint32_t generation;  ///< Of the song
} CountdownState;

/// Return how far it is, with `Learn` as it is now
Countdown
countdown_update(CountdownState* state, const Song* song, bool is_on);
