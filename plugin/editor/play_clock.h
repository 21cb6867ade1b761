/* SPDX-License-Identifier: GPL-3.0-or-later

   Estimate where a stream is between reports that come late and unevenly: a worker
   reports nothing while it computes, and then much at once.

   Pure: time is an argument. */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/// A running estimate
typedef struct {
  double   sample_rate; ///< Hz
  double   now_s;
  uint64_t n_reported; ///< Frames, at the last report
  double   line;       ///< Frames, if the earliest of the recent reports came in time
  double   frame;      ///< The estimate: the line, smoothed
  double   leads[2]; ///< Most frames of a report, of these seconds and of those before
  double   lead_s;   ///< Since when the first of them counts
  bool     has_report;
} PlayClock;

/// Return a clock before its first report
PlayClock
play_clock_new(double sample_rate);

/// Move on to a time in seconds, at which so many frames have been reported.  The
/// estimate never runs backwards, and never ahead of the report by more than the
/// largest of the recent reports has brought.
void
play_clock_advance(PlayClock* clock, uint64_t n_reported, double now_s);
