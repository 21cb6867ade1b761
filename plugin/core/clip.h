/* SPDX-License-Identifier: GPL-3.0-or-later

   How much is separated at a time, and the delay that this takes. */

#pragma once

#include "os/attributes.h"

#include <stdint.h>

/// Values of `PARAM_CLIP`
typedef enum { CLIP_4_BEATS, CLIP_2_BEATS, CLIP_1_BEAT, N_CLIPS } ClipChoice;

/// A length of clips, and how its delay is made up
typedef struct {
  uint32_t n_beats;
  double
    stream_s; ///< Until Python can answer; `requinto_open` checks that it is enough
  double allowance_s; ///< For it to do so
} Clip;

/// Return a row of the table.  Any thread.
const Clip*
clip_info(ClipChoice choice) REALTIME;
