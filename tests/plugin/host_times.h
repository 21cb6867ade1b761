/* SPDX-License-Identifier: GPL-3.0-or-later

   How long the blocks of a run took, and what the thread did meanwhile. */

#pragma once

#include <stddef.h>
#include <sys/resource.h>

typedef struct {
  float* us;      ///< Time in `process` of each block
  float* percent; ///< The same, of the time the block lasts
  size_t n;
  size_t n_room;

  // While in `process`: the kernel's own counts for the thread
  long n_page_faults;
  long n_waits;       ///< Times that it went to sleep
  long n_preemptions; ///< Times that another was let in
} Times;

/// Return the time of the monotonic clock
double
now_s(void);

/// Wait until a time of the monotonic clock
void
sleep_until(double due_s);

/// Add a block that lasts `block_s` and took `spent_s`
void
times_add(Times* times, double spent_s, double block_s);

/// Add what the kernel counted between two moments
void
times_add_usage(Times* times, const struct rusage* before, const struct rusage* after);

/// Print the median, the 99.9th percentile and the worst
void
times_print(Times* times);

/// Return the longest, in microseconds
double
times_worst_us(const Times* times);

void
times_free(Times* times);
