/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/countdown.h"

#include <math.h>

#define SHARE_STEPS                                                                    \
  50.0 ///< In which the bar fills up, so that it is not always painted

Countdown
countdown_update(CountdownState* const state, const Song* const song, const bool is_on)
{
  const double   now        = song_input_frame(song);
  const uint32_t generation = song_generation(song);
  if (is_on && (!state->is_on || state->generation != generation)) {
    state->start_frame = now;
  }
  state->is_on      = is_on;
  state->generation = generation;
  if (!is_on) {
    return (Countdown){COUNTDOWN_OFF, 0, 0.0};
  }

  const double bar   = song_next_downbeat(song, state->start_frame);
  const double end   = bar < 0.0 ? -1.0 : song_next_downbeat(song, bar + 1.0);
  const double tempo = song_tempo(song, now);
  if (bar < 0.0 || end < 0.0 || tempo <= 0.0) {
    return (Countdown){COUNTDOWN_WAITING, 0, 0.0};
  }
  if (now < bar) {
    const double beat = song_sample_rate(song) * 60.0 / tempo;
    return (Countdown){
      COUNTDOWN_BEATS, (uint32_t)fmax(1.0, ceil((bar - now) / beat - 0.05)), 0.0};
  }
  if (now < end) {
    const double share = (now - bar) / (end - bar);
    return (Countdown){
      COUNTDOWN_CAPTURING, 0, floor(share * SHARE_STEPS) / SHARE_STEPS};
  }
  return (Countdown){COUNTDOWN_ALMOST, 0, 1.0};
}
