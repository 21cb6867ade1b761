/* SPDX-License-Identifier: GPL-3.0-or-later

   Play a sound through an active plugin, block by block. */

#pragma once

#include "host_vst3.h"
#include "host_watch.h"

/// Play from the first frame to the last, and print what happened
void
run_sound(const Instance* instance,
          const Options*  options,
          const Watch*    watch,
          Handler*        handler);
