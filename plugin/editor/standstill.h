/* SPDX-License-Identifier: GPL-3.0-or-later

   Tell which columns a picture leaves out: those of silence while the host stands. */

#pragma once

#include "core/scope.h"

#include <stdbool.h>
#include <stdint.h>

enum { STANDSTILL_CHANGES = 64 }; ///< That are remembered

/// From a frame on, the host plays or stands
typedef struct {
  uint64_t frame;
  bool     is_playing;
} HostChange;

/// When the host stood, and for how long nothing has sounded; begins with zeros
typedef struct {
  HostChange changes[STANDSTILL_CHANGES]; ///< The last ones, by `n_changes`
  uint32_t   n_changes;
  double     silent_frames; ///< On end, while the host stood
} Standstill;

/// Take the clock as it is now: columns come later
void
standstill_advance(Standstill* standstill, const ScopeClock* clock);

/// Return whether the next column is left out.  The first second of silence is not, if
/// there is anything before it.
bool
standstill_has(Standstill*   standstill,
               const Column* column,
               double        sample_rate,
               bool          is_first);
