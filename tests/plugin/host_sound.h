/* SPDX-License-Identifier: GPL-3.0-or-later

   The sound of a run, all of it in memory before the first block. */

#pragma once

#include "host_options.h"

#include <stdint.h>

/// Interleaved samples of a file
typedef struct {
  float*  samples;
  int64_t n_frames;
  int     n_channels;
} Recording;

typedef struct {
  Recording input;
  Recording sidechain; ///< Empty without one
  Recording output;    ///< Empty if it is dropped
  int64_t   n_played;  ///< Frames, with repetitions
  int64_t   n_frames;  ///< Frames of the run: and then silence
} Sound;

/// Read the files of a run, or end the program
Sound
sound_read(const Options* options, int n_sidechain_channels);

void
sound_free(Sound* sound);

/// Write `n` frames from `frame` on, a pointer for each channel
void
sound_take(const Sound*  sound,
           int64_t       frame,
           int64_t       n,
           float* const* channels,
           float* const* sidechain);

/// Keep `n` frames that were output from `frame` on
void
sound_keep(Sound* sound, int64_t frame, int64_t n, float* const* channels);

/// Write the first `n_frames` that were output to a file
void
sound_write(const Sound* sound, const char* path, int64_t n_frames);
