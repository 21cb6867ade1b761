/* SPDX-License-Identifier: GPL-3.0-or-later

   Walk through what a host changes within a block, frame by frame. */

#pragma once

#include "core/instance.h"
#include "vst3/vst3.h"

#include <stdbool.h>
#include <stdint.h>

enum { VST3_MAX_QUEUES = 64 }; ///< Of a block; those beyond are not looked at

/// What a block changes, and how much of it was taken
typedef struct {
  struct v3_param_changes** changes; ///< Of the host, may be NULL
  int32_t                   n_queues;
  int32_t                   taken[VST3_MAX_QUEUES]; ///< Points of each queue
  bool                      skips_target;           ///< The target is left as it is
} Vst3Changes;

/// Begin with a block
Vst3Changes
vst3_changes_begin(struct v3_param_changes** changes, bool skips_target) REALTIME;

/**
   Take what changes up to a frame of the block, that frame included.

   Returns the frame at which something changes next, at most `end`.
*/
int32_t
vst3_changes_take(Vst3Changes* walk,
                  Instance*    instance,
                  int32_t      frame,
                  int32_t      end) REALTIME;
