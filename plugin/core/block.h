/* SPDX-License-Identifier: GPL-3.0-or-later

   A block of sound of the host's, passed by value. */

#pragma once

#include "os/attributes.h"

#include <stdint.h>

enum { BLOCK_MAX_CHANNELS = 2 };

/// A pointer for each channel, NULL where there is none; the directions may overlap
typedef struct {
  const float* input[BLOCK_MAX_CHANNELS];
  const float* sidechain[BLOCK_MAX_CHANNELS];
  float*       output[BLOCK_MAX_CHANNELS];
  uint32_t     n_frames;
} Block;

/// Return `n_frames` of a block, from frame `start` on.  Any thread.
Block
block_slice(Block block, uint32_t start, uint32_t n_frames) REALTIME;
