/* SPDX-License-Identifier: GPL-3.0-or-later

   Running loudness of two sounds, and of every mix of them.

   Weighting, mean squares and the short-term window of 3 s are those of ITU-R BS.1770-5
   and EBU Tech 3341.  What the absolute gate of -70 LUFS calls silence is left out: the
   window has the last 3 s of sound, so that a pause changes nothing. */

#pragma once

#include "os/attributes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  LOUDNESS_N_STAGES     = 2, ///< Filters in a row
  LOUDNESS_MAX_CHANNELS = 2,
  LOUDNESS_N_LANES      = 2 * LOUDNESS_MAX_CHANNELS, ///< The dry sound's, the wet one's
  LOUDNESS_N_CHUNKS     = 300                        ///< Of 10 ms, in the window
};

/// A filter of second order, of which a[0] is 1
typedef struct {
  double b[3]; ///< Of the input, now and before
  double a[3]; ///< Of the output
} Biquad;

/// Write the K-weighting of a sample rate in Hz, from 8000 up.  Any thread.
void
loudness_k_weighting(double sample_rate, Biquad stages[LOUDNESS_N_STAGES]);

/// Weighted energy of the two sounds, and of their product
typedef struct {
  double dry;
  double wet;
  double cross;
} LoudnessSums;

/// The audio thread's alone
typedef struct {
  uint32_t     n_channels;
  uint32_t     chunk; ///< Frames that count as sound, or as silence, together
  double       gate;  ///< Energy up to which a chunk is silence
  Biquad       stages[LOUDNESS_N_STAGES];
  double       held[LOUDNESS_N_STAGES][2][LOUDNESS_N_LANES]; ///< By the filters
  double       products[3][LOUDNESS_MAX_CHANNELS]; ///< Of this chunk: as the sums
  uint32_t     n_added;                            ///< Frames of this chunk
  LoudnessSums window[LOUDNESS_N_CHUNKS];          ///< The last chunks of sound
  uint32_t     n_filled;                           ///< Chunks in the window
  uint32_t     next;                               ///< The oldest of a full window
  LoudnessSums sums;                               ///< Of the window
} Loudness;

/// Return the loudness of sounds of one or two channels that have not begun
Loudness
loudness_new(double sample_rate, uint32_t n_channels);

/// Begin anew
void
loudness_restart(Loudness* loudness) REALTIME;

/// Add a frame of each sound; return whether that changed what `loudness_is_known` and
/// `loudness_of_mix` return, as every so many frames do
bool
loudness_add(Loudness* loudness, const float* dry, const float* wet) REALTIME;

/// Return whether there have been 0.4 s of sound, which is the standard's shortest
/// block
bool
loudness_is_known(const Loudness* loudness) REALTIME;

/// Return how loud `dry` times one sound and `wet` times the other are together: as a
/// factor to the dry sound, which makes it as loud.  The loudness must be known.
double
loudness_of_mix(const Loudness* loudness, double dry, double wet) REALTIME;
