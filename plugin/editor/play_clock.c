/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/play_clock.h"

#include <math.h>

static const double SMOOTH_S = 0.5; // the estimate nears the line with this
static const double FORGET_S = 5.0; // late reports move the line back with this
static const double JUMP_S   = 1.0; // a report further ahead is jumped to

PlayClock
play_clock_new(const double sample_rate)
{
  return (PlayClock){.sample_rate = sample_rate};
}

/// Return the frames by which the estimate may be ahead of a report
static double
max_lead(const PlayClock* const clock)
{
  return fmax(clock->leads[0], clock->leads[1]);
}

/// Take another report
static void
take_report(PlayClock* const clock, const uint64_t n_reported)
{
  const double n_frames = (double)n_reported;
  const double ahead    = n_frames - clock->line;
  if (!clock->has_report) {
    clock->line       = n_frames;
    clock->frame      = n_frames;
    clock->has_report = true;
  } else {
    const double step = n_frames - (double)clock->n_reported;
    const double late = 1 - exp(-step / clock->sample_rate / FORGET_S);
    if (clock->now_s - clock->lead_s > FORGET_S) {
      clock->leads[1] = clock->leads[0];
      clock->leads[0] = 0;
      clock->lead_s   = clock->now_s;
    }
    clock->leads[0] = fmax(clock->leads[0], step);
    clock->line += ahead > 0 ? ahead : ahead * late;
  }
  if (n_frames - clock->frame > JUMP_S * clock->sample_rate) {
    clock->frame = n_frames;
  }
  clock->n_reported = n_reported;
}

void
play_clock_advance(PlayClock* const clock,
                   const uint64_t   n_reported,
                   const double     now_s)
{
  const double elapsed_s = clock->has_report ? fmax(0, now_s - clock->now_s) : 0;
  const double elapsed   = elapsed_s * clock->sample_rate;
  clock->now_s           = now_s;
  clock->line += elapsed;
  if (!clock->has_report || n_reported > clock->n_reported) {
    take_report(clock, n_reported);
  }

  const double max_frame = (double)clock->n_reported + max_lead(clock);
  clock->line            = fmin(clock->line, max_frame);
  const double on        = clock->frame + elapsed;
  const double target    = on + (clock->line - on) * (1 - exp(-elapsed_s / SMOOTH_S));
  clock->frame           = fmax(clock->frame, fmin(target, max_frame));
}
