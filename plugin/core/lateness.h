/* SPDX-License-Identifier: GPL-3.0-or-later

   Count what came too late, and for how long to say so. */

#pragma once

#include "os/attributes.h"

#include <stdbool.h>
#include <stdint.h>

/// The audio thread's alone
typedef struct {
  uint32_t latency;    ///< Frames from the input to the output
  uint32_t n_shown;    ///< Frames for which lateness is shown
  uint64_t n_played;   ///< Frames since activation
  uint64_t n_silent;   ///< Frames of output before the first that can have sound
  uint32_t n_since;    ///< Frames since the last late one, up to `n_shown`
  uint32_t n_dropouts; ///< Blocks that lack sound, while the worker had kept up
  bool     has_sound;  ///< There has been sound in the input
  bool     kept_up;    ///< The worker was well in time since it has been ready
} Lateness;

/// How a block went
typedef struct {
  uint32_t n_frames;
  uint32_t n_late;    ///< Frames that had not come
  bool     has_sound; ///< The input has
  bool     is_ready;  ///< The worker has loaded what it needs
  bool     is_ahead;  ///< It has made more than is needed now
  bool     gave_up;   ///< Waiting for the worker has timed out
} Outcome;

/// Return what has not been late
Lateness
lateness_new(uint32_t latency, double sample_rate);

/// Count a block
void
lateness_count(Lateness* lateness, Outcome outcome) REALTIME;

/// Return whether sound came late a short while ago; the silence before the first
/// sound does not count
bool
lateness_shows(const Lateness* lateness) REALTIME;
