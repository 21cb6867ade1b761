/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/block.h"

#include <stddef.h>

Block
block_slice(const Block block, const uint32_t start, const uint32_t n_frames)
{
  Block slice = {.n_frames = n_frames};
  for (unsigned c = 0; c < BLOCK_MAX_CHANNELS; ++c) {
    slice.input[c]     = block.input[c] ? block.input[c] + start : NULL;
    slice.sidechain[c] = block.sidechain[c] ? block.sidechain[c] + start : NULL;
    slice.output[c]    = block.output[c] ? block.output[c] + start : NULL;
  }
  return slice;
}
