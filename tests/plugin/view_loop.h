/* SPDX-License-Identifier: GPL-3.0-or-later

   The loop of events of a host with windows: descriptors and timers, on one thread. */

#pragma once

#include <stdint.h>

/// Do what a timer or a descriptor is for
typedef void (*ViewLoopFunc)(void* context, int descriptor);

/// Call when a descriptor can be read
void
view_loop_watch(int descriptor, ViewLoopFunc func, void* context);

/// Call every so many milliseconds; return a number other than 0
uint32_t
view_loop_start(uint32_t period_ms, ViewLoopFunc func, void* context);

/// Stop watching for a context; return how many descriptors that were
int
view_loop_ignore(const void* context);

/// Stop a context's timers; return how many that were
int
view_loop_stop(const void* context);

/// Return how many descriptors and timers there are
int
view_loop_count(void);

/// Run for a while
void
view_loop_run(double duration_ms);
