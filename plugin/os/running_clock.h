/* SPDX-License-Identifier: GPL-3.0-or-later

   A clock for limits, which stands still while the process is stopped.

   Ctrl-Z, a debugger or a frozen container stop all threads.  On any other clock the
   time goes on, and a waiting thread would conclude that another one, stopped likewise,
   has taken too long. */

#pragma once

#include <stdatomic.h>
#include <stdint.h>

/// The maximum that a clock counts between two looks at it, in ms: waiting threads look
/// at it more often
enum { RUNNING_CLOCK_MAX_GAP_MS = 100 };

/// When it was looked at last, in ms, in the upper 40 bits; what it showed in the rest
typedef _Atomic uint64_t RunningClock;

/// Return what a clock shows, in ms, at `now_ms` of one that never turns back.  Any
/// thread.
uint32_t
running_clock_read(RunningClock* clock, uint64_t now_ms);

/// Return what the clock of this process shows, for `running_ms_since`.  Any thread.
uint32_t
running_ms(void);

/// Return for how many ms this process has run since then; starts again at 0 after 4.6
/// hours.  Any thread.
uint32_t
running_ms_since(uint32_t then);
