/* SPDX-License-Identifier: GPL-3.0-or-later

   The values of an instance, and blocks of sound for it. */

#pragma once

#include "vst3_instance.h"

enum { MAX_BUSES = 4, MAX_CHANNELS = 8, MAX_PARAMS = 32 };

/// The host's values of all parameters, by their index
typedef struct {
  int32_t     n;
  v3_param_id ids[MAX_PARAMS];
  int32_t     flags[MAX_PARAMS];
  bool        are_saved[MAX_PARAMS]; ///< A state brings them back
  double      normalised[MAX_PARAMS];
} Values;

Values
values_read(const Instance* instance);

/// Return whether those that are saved are equal
bool
values_equal(const Values* a, const Values* b);

/// Return whether those that are saved are now equal to others
bool
values_hold(const Instance* instance, const Values* values);

/// Return whether all are now finite and from 0 to 1
bool
values_are_normal(const Instance* instance);

/// Set all values that are saved to random ones
void
values_randomise(const Instance* instance, unsigned* seed);

bool
is_writable(int32_t flags);

double
draw_fraction(unsigned* seed);

/// The sound of a block, a buffer for each channel of each bus
typedef struct {
  struct v3_process_data      data;
  struct v3_audio_bus_buffers buses[2][MAX_BUSES];                  ///< By direction
  float*                      channels[2][MAX_BUSES][MAX_CHANNELS]; ///< Given
  float*                      memory[2][MAX_BUSES][MAX_CHANNELS];   ///< Owned
  int32_t                     room; ///< Frames in each buffer
} Sound;

/// Return buffers of `room` frames for the buses that the plugin has now
Sound*
sound_new(const Instance* instance, int32_t room);

void
sound_free(Sound* sound);

/// Put noise from -1 to 1 into the inputs, and a mark into the outputs
void
sound_fill(Sound* sound, unsigned* seed);

/// Put silence into the inputs, with its flags, and a mark into the outputs
void
sound_silence(Sound* sound);

/// Run the first `n_frames`
v3_result
sound_run(Sound* sound, const Instance* instance, int32_t n_frames);

/// Return whether the outputs are written, finite and normal numbers
bool
sound_is_clean(const Sound* sound, int32_t n_frames);

/// Return whether nothing was written from frame `n_frames` on
bool
sound_is_within(const Sound* sound, int32_t n_frames);

/// Run noise, and return whether it was taken and the outputs are clean
bool
sound_plays(Sound* sound, const Instance* instance, int32_t n_frames, unsigned* seed);

/// Return the greatest magnitude in the outputs
float
sound_peak(const Sound* sound, int32_t n_frames);
