/* SPDX-License-Identifier: GPL-3.0-or-later

   Delay the input, and mix the worker's sound with it, or compare the two.

   The gains are delayed with the sound, so that what a host automates lies where
   it was automated. */

#pragma once

#include "os/attributes.h"

#include <stdbool.h>
#include <stdint.h>

/// How much of each sound goes out
typedef struct {
  float dry; ///< Of the delayed input
  float wet; ///< Of what the worker returned
} Gains;

/// The last input, and the gains; the audio thread's alone
typedef struct MixerImpl Mixer;

/// Return a mixer that delays by `latency` frames, or NULL.  Main thread only.
Mixer*
mixer_new(double sample_rate, uint32_t n_channels, uint32_t latency);

/// Free a mixer; may be NULL.  Main thread only.
void
mixer_free(Mixer* mixer);

/**
   Choose the gains of the frames that come in from now on.  Audio thread only.

   @param at_once Let those that are in the mixer have them too.
*/
void
mixer_set_gains(Mixer* mixer, Gains gains, bool at_once) REALTIME;

/// Let only the delayed input out, or what the gains say.  Audio thread only.
void
mixer_set_dry(Mixer* mixer, bool dry) REALTIME;

/**
   Let the delayed input out instead of the mix, as loud as the mix is, from now on.

   It is never louder than it came in, nor by more than 40 dB less.  The loudness is
   that of the last seconds (see loudness.h); what has been cut does not count, and
   until there is enough of what follows, the level is the last.  Audio thread only.
*/
void
mixer_set_compare(Mixer* mixer, bool compares) REALTIME;

/**
   Take what is in the mixer for stale: it is silenced.  Audio thread only.

   @param fade Over a short while, because it is playing now.
*/
void
mixer_cut(Mixer* mixer, bool fade) REALTIME;

/**
   Delay and mix a block.  Audio thread only.

   @param sound Interleaved input, replaced by the output.
   @param wet Interleaved frames of the worker that are due now.
   @param n_missing Frames that are not there, from `first_missing` on: what was
          chosen is silent there.
*/
void
mixer_run(Mixer*       mixer,
          float*       sound,
          const float* wet,
          uint32_t     n_frames,
          uint32_t     first_missing,
          uint32_t     n_missing) REALTIME;
