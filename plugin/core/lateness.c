/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/lateness.h"

#include "core/integer.h"
#include "core/params.h"

static const double SHOWN_S = 2.0; // after the last late frame

Lateness
lateness_new(const uint32_t latency, const double sample_rate)
{
  const uint32_t n_shown = (uint32_t)(SHOWN_S * sample_rate);
  return (Lateness){
    .latency = latency, .n_shown = n_shown, .n_silent = latency, .n_since = n_shown};
}

/// Return whether output can have sound by the end of a block of `n` frames
static bool
can_have_sound(Lateness* const lateness, const uint32_t n, const bool has_sound)
{
  lateness->has_sound |= has_sound;
  lateness->n_played += n;
  if (!lateness->has_sound) {
    lateness->n_silent = lateness->n_played + lateness->latency;
  }
  return lateness->n_played > lateness->n_silent;
}

void
lateness_count(Lateness* const lateness, const Outcome outcome)
{
  const uint32_t n  = outcome.n_frames;
  lateness->kept_up = outcome.is_ready && (lateness->kept_up || outcome.is_ahead);
  if (outcome.n_late && (lateness->kept_up || outcome.gave_up) &&
      lateness->n_dropouts < PARAMS_MAX_DROPOUTS) {
    ++lateness->n_dropouts;
  }

  const bool is_missed =
    can_have_sound(lateness, n, outcome.has_sound) && outcome.n_late;
  const uint32_t n_left = lateness->n_shown - lateness->n_since;
  lateness->n_since     = is_missed ? 0 : lateness->n_since + min_u32(n, n_left);
}

bool
lateness_shows(const Lateness* const lateness)
{
  return lateness->n_since < lateness->n_shown;
}
