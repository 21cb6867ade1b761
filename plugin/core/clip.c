/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/clip.h"

/* The stream's part covers the longest clip, the context after it and half a
   crossfade, of `ClipConfig.of_beats` in config.py, and a frame for rounding */
static const Clip table[N_CLIPS] = {[CLIP_4_BEATS] = {4, 4.6, 0.75},
                                    [CLIP_2_BEATS] = {2, 2.6, 0.5},
                                    [CLIP_1_BEAT]  = {1, 0.86, 0.29}};

const Clip*
clip_info(const ClipChoice choice)
{
  return &table[choice];
}
