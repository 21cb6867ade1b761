/* SPDX-License-Identifier: GPL-3.0-or-later

   Blocks of sound from a CLAP host. */

#pragma once

#include "clap/types.h"
#include "os/attributes.h"

/// Process a block, as `process` of `clap_plugin_t`.  Audio thread only.
clap_process_status CLAP_ABI
clap_process(const clap_plugin_t* clap, const clap_process_t* process) REALTIME;
