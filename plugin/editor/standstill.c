/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/standstill.h"

static const double SILENCE       = 1e-9; // -90 dB
static const double MAX_SILENCE_S = 1;    // that is kept: music has rests

void
standstill_advance(Standstill* const standstill, const ScopeClock* const clock)
{
  const uint32_t    n    = standstill->n_changes;
  const HostChange* last = &standstill->changes[(n - 1) % STANDSTILL_CHANGES];
  if (!n || clock->is_playing != last->is_playing) {
    standstill->changes[n % STANDSTILL_CHANGES] =
      (HostChange){clock->n_received, clock->is_playing};
    ++standstill->n_changes;
  }
}

/// Return whether the host played when a frame was recorded
static bool
was_playing(const Standstill* const standstill, const uint64_t frame)
{
  const uint32_t n       = standstill->n_changes;
  const uint32_t n_known = n < STANDSTILL_CHANGES ? n : STANDSTILL_CHANGES;
  bool           state   = true; // nothing is left out for want of a clock
  for (uint32_t i = 1; i <= n_known; ++i) {
    const HostChange* const change = &standstill->changes[(n - i) % STANDSTILL_CHANGES];
    state                          = change->is_playing;
    if (change->frame <= frame) {
      break;
    }
  }
  return state;
}

bool
standstill_has(Standstill* const   standstill,
               const Column* const column,
               const double        sample_rate,
               const bool          is_first)
{
  if ((double)column->mixture_power >= SILENCE ||
      was_playing(standstill, column->frame)) {
    standstill->silent_frames = 0;
    return false;
  }
  standstill->silent_frames += column->n_frames;
  return is_first || standstill->silent_frames > MAX_SILENCE_S * sample_rate;
}
