/* SPDX-License-Identifier: GPL-3.0-or-later

   Lateness is shown where sound is missed, and for two seconds. */

#include "check.h"
#include "core/lateness.h"

enum { RATE = 8000, LATENCY = 5000, BLOCK = 100, SHOWN = 2 * RATE };

/// Return after how many frames lateness shows, where nothing ever comes
static int
frames_until_shown(const int n_silent)
{
  Lateness lateness = lateness_new(LATENCY, RATE);
  int      n        = 0;
  while (!lateness_shows(&lateness) && n < 10 * RATE) {
    lateness_count(&lateness,
                   (Outcome){.n_frames  = BLOCK,
                             .n_late    = BLOCK,
                             .has_sound = n >= n_silent,
                             .is_ready  = true});
    n += BLOCK;
  }
  return n;
}

static void
test_silence_is_not_missed(void)
{
  for (int n_silent = 0; n_silent < 3 * LATENCY; n_silent += 7 * BLOCK) {
    CHECK(frames_until_shown(n_silent) == n_silent + LATENCY + BLOCK);
  }
}

static void
test_sound_is_missed_for_two_seconds(void)
{
  for (int n_late = 1; n_late <= BLOCK; n_late += 33) {
    Lateness lateness = lateness_new(0, RATE);
    lateness_count(
      &lateness,
      (Outcome){.n_frames = BLOCK, .n_late = (uint32_t)n_late, .has_sound = true});
    for (int n = 0; n < SHOWN; n += BLOCK) {
      CHECK(lateness_shows(&lateness));
      lateness_count(&lateness, (Outcome){.n_frames = BLOCK, .has_sound = true});
    }
    CHECK(!lateness_shows(&lateness));
  }
}

/// A dropout is what lacks though the worker had kept up, or waiting timed out
static void
test_dropouts(void)
{
  for (int i = 0; i < 16; ++i) {
    const bool ready    = i & 1;
    const bool ahead    = i & 2;
    const bool gave_up  = i & 4;
    const bool late     = i & 8;
    Lateness   lateness = lateness_new(0, RATE);
    lateness_count(&lateness,
                   (Outcome){.n_frames = BLOCK, .is_ready = ready, .is_ahead = ahead});
    lateness_count(&lateness,
                   (Outcome){.n_frames = BLOCK,
                             .n_late   = late ? 1 : 0,
                             .is_ready = ready,
                             .gave_up  = gave_up});
    const bool expected = late && ((ready && ahead) || gave_up);
    CHECK(lateness.n_dropouts == (expected ? 1U : 0U));
  }
}

int
main(void)
{
  test_silence_is_not_missed();
  test_sound_is_missed_for_two_seconds();
  test_dropouts();
  return 0;
}
