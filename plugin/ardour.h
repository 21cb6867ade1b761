/* SPDX-License-Identifier: GPL-3.0-or-later

   Everything that is done differently for Ardour, in any format. */

#pragma once

#include "os/attributes.h"

#include <stdbool.h>
#include <stdint.h>

/// What is known of a host that may be Ardour; zeros at first
typedef struct {
  bool is_host;   ///< It is Ardour
  bool is_new;    ///< No block has come since activation
  bool is_bounce; ///< It renders a track, and says that it plays live
} Ardour;

/// Return whether this is the name that Ardour gives itself, to VST3 plugins
bool
ardour_has_name(const char* host);

/// Return whether a feature is of Ardour's own, as it offers to LV2 plugins
bool
ardour_has_feature(const char* uri);

/// Get ready for the blocks of an activation.  Not the audio thread.
void
ardour_activate(Ardour* ardour);

/**
   See at the first block whether Ardour renders a track, which it does not say.

   Audio thread only.

   @param max_frames Of a block, as the host set it up.
   @param is_live The host says that it does not render.
*/
void
ardour_see_block(Ardour*  ardour,
                 uint32_t max_frames,
                 bool     is_live,
                 bool     is_playing) REALTIME;

/// Return by how many frames the input is ahead of the position that the host gives.
/// Audio thread only.
uint32_t
ardour_frames_ahead(const Ardour* ardour, uint32_t latency) REALTIME;

/// Return whether the values that come after a state leave the target alone.  Audio
/// thread only.
bool
ardour_keeps_target(const Ardour* ardour) REALTIME;

/**
   Return a position in quarter notes as exactly as the host knows it.  Any thread.

   @param rounded The position, maybe rounded to Ardour's ticks.
   @param frame The same, in frames since the song began.
*/
double
ardour_exact_quarter(double  rounded,
                     int64_t frame,
                     double  tempo_bpm,
                     double  sample_rate) REALTIME;
