/* SPDX-License-Identifier: GPL-3.0-or-later

   The parameter changes of a run, each at its frame. */

#pragma once

#include "host_vst3.h"

typedef struct AutomationImpl Automation;

/// Read `--set` (at frame 0) and `--automate`, or end the program
Automation*
automation_read(const Instance* instance, const Options* options);

void
automation_free(Automation* automation);

/// Write the changes of the block of `n` frames that begins at `frame`
void
automation_fill(Automation* automation, int64_t frame, int64_t n, Changes* changes);
