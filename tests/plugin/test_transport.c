/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "core/transport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double RATE = 48000.0;

/// A host that plays, block after block
typedef struct {
  TransportFollower follower;
  Transport         now;
  uint32_t          n; ///< Frames of a block
} Host;

static Host
playing(const double quarter, const double tempo_bpm, const uint32_t n)
{
  return (Host){.now = {.is_playing    = true,
                        .quarter       = quarter,
                        .bar_quarter   = NAN,
                        .tempo_bpm     = tempo_bpm,
                        .beats_per_bar = 4,
                        .beat_unit     = 4},
                .n   = n};
}

static TransportEvent
follow(Host* const host)
{
  return transport_follow(&host->follower, &host->now, host->n, RATE);
}

static void
move(Host* const host)
{
  host->now.quarter += host->n * host->now.tempo_bpm / (60.0 * RATE);
}

/// What goes on as foreseen is one change, whatever the blocks
static void
test_steady(void)
{
  for (uint32_t n = 16; n <= 8192; n *= 2) {
    Host host = playing(-2.5, 97.3, n);
    CHECK(follow(&host) == TRANSPORT_CHANGED && host.follower.position.is_known);
    CHECK(host.follower.position.is_seam);
    CHECK(fabs(host.follower.position.quarter + 2.5) < 1e-12);
    for (int i = 0; i < 2000; ++i) {
      move(&host);
      CHECK(follow(&host) == TRANSPORT_SAME);
    }
  }
}

/// Positions rounded to ticks, as Ardour's are, are no jumps
static void
test_ticks(void)
{
  Host         host         = playing(0.0, 100.0, 256);
  const double tick         = 1.0 / 1920.0;
  double       true_quarter = 0.0;
  int          n_changes    = 0;
  for (int i = 0; i < 5000; ++i) {
    host.now.quarter           = floor(true_quarter / tick) * tick;
    const TransportEvent event = follow(&host);
    CHECK(event != TRANSPORT_JUMP);
    n_changes += event == TRANSPORT_CHANGED;
    true_quarter += host.n * 100.0 / (60.0 * RATE);
  }
  CHECK(n_changes == 1);
}

/// pedalboard: a tempo, and position 0 for ever, playing or not
static void
test_frozen(void)
{
  for (int is_playing = 0; is_playing < 2; ++is_playing) {
    Host host           = playing(0.0, 120.0, 512);
    host.now.is_playing = is_playing;
    CHECK(follow(&host) == (is_playing ? TRANSPORT_CHANGED : TRANSPORT_SAME));
    CHECK(follow(&host) == (is_playing ? TRANSPORT_CHANGED : TRANSPORT_SAME));
    for (int i = 0; i < 100; ++i) {
      CHECK(!host.follower.position.is_known && follow(&host) == TRANSPORT_SAME);
    }
    CHECK(!host.follower.position.is_seam); // the sound goes on all the same

    // A host that comes to life is believed again
    host.now.is_playing = true;
    host.now.quarter    = 0.1;
    (void)follow(&host);
    CHECK(host.follower.position.is_known);
  }
}

static void
test_jumps_and_loops(void)
{
  static const struct {
    double         to;
    bool           loops;
    TransportEvent expected;
  } cases[] = {{8.0, false, TRANSPORT_JUMP},
               {0.0, false, TRANSPORT_JUMP},
               {4.0, true, TRANSPORT_CHANGED}, // the loop's start, from its end
               {9.0, true, TRANSPORT_JUMP},    // into the loop, not from its end
               {50.0, true, TRANSPORT_JUMP}};
  for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); ++k) {
    Host host           = playing(4.0, 120.0, 480); // 0.02 quarters a block
    host.now.is_looping = cases[k].loops;
    host.now.loop_start = 4.0;
    host.now.loop_end   = k == 3 ? 16.0 : 6.0;
    for (int i = 0; i < 100; ++i, move(&host)) {
      (void)follow(&host);
    }
    host.now.quarter = cases[k].to;
    CHECK(follow(&host) == cases[k].expected);
    CHECK(host.follower.position.is_seam);
    CHECK(fabs(host.follower.position.quarter - cases[k].to) < 1e-9);
    move(&host);
    CHECK(follow(&host) == TRANSPORT_SAME);
  }
}

/// Going on where it stopped is no jump; from elsewhere it is
static void
test_stop_and_go(void)
{
  Host host = playing(10.0, 120.0, 8192);
  for (int i = 0; i < 50; ++i, move(&host)) {
    (void)follow(&host);
  }
  host.now.is_playing = false;
  CHECK(follow(&host) == TRANSPORT_CHANGED && !host.follower.position.is_known);
  CHECK(host.follower.position.is_seam);
  CHECK(follow(&host) == TRANSPORT_SAME);
  host.now.is_playing = true;
  CHECK(follow(&host) == TRANSPORT_CHANGED && host.follower.position.is_known);
  move(&host);
  CHECK(follow(&host) == TRANSPORT_SAME);

  CHECK(transport_follow(&host.follower, NULL, host.n, RATE) == TRANSPORT_CHANGED);
  host.now.quarter = 3.0;
  CHECK(follow(&host) == TRANSPORT_JUMP);
}

/// Ardour's loop: the input has gone back before the position does
static void
test_ahead_in_a_loop(void)
{
  for (uint32_t n_ahead = 4800; n_ahead < 400000; n_ahead *= 3) {
    Host   host         = playing(4.0, 120.0, 480);
    int    n_seams      = 0;
    double played       = 0.0;
    host.now.n_ahead    = n_ahead;
    host.now.is_looping = true;
    host.now.loop_start = 4.0;
    host.now.loop_end   = 10.0;
    for (int i = 0; i < 2000; ++i) {
      const TransportEvent event = follow(&host);
      CHECK(event != TRANSPORT_JUMP);
      n_seams += event == TRANSPORT_CHANGED;
      const double input = 4.0 + fmod(played + n_ahead * 2.0 / RATE, 6.0);
      const double off   = fabs(host.follower.position.quarter - input);
      CHECK(event != TRANSPORT_CHANGED || off < 0.03 || off > 6.0 - 0.03);
      played += 0.02;
      host.now.quarter = 4.0 + fmod(played, 6.0);
    }
    CHECK(abs(n_seams - 1 - (int)(2000 * 0.02 / 6.0)) <= 1);
  }
}

/// A tempo that changes, at once or sliding, moves no bar
static void
test_tempo(void)
{
  Host host = playing(0.0, 120.0, 1024);
  for (int i = 0; i < 500; ++i) {
    CHECK(follow(&host) != TRANSPORT_JUMP);
    // Half a block at one tempo and half at the next, which the host does not say
    const double before = host.now.tempo_bpm;
    host.now.tempo_bpm  = i % 100 ? before * 1.001 : 120.0;
    host.now.quarter += host.n * (before + host.now.tempo_bpm) / 2.0 / (60.0 * RATE);
  }
}

static void
test_bars(void)
{
  static const struct {
    double   quarter;
    double   bar_quarter;
    uint32_t beats;
    uint32_t unit;
    double   expected; ///< Modulo a bar
  } cases[] = {
    {5.0, 4.0, 4, 4, 0.0},
    {5.0, 2.5, 4, 4, 2.5}, // bars that do not lie on the song's start
    {5.0, 8.0, 4, 4, 0.0}, // a bar that has not begun: not believed
    {9.0, 1.0, 4, 4, 0.0}, // or that is over
    {5.0, NAN, 7, 8, 0.0},
    {-1.0, -3.5, 7, 8, 0.0},
    {1.0, 0.0, 0, 0, 0.0}, // no metre: four quarters
    {1.0, 0.0, 1000, 3, 0.0},
  };
  for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); ++k) {
    Host host              = playing(cases[k].quarter, 100.0, 64);
    host.now.bar_quarter   = cases[k].bar_quarter;
    host.now.beats_per_bar = cases[k].beats;
    host.now.beat_unit     = cases[k].unit;
    (void)follow(&host);
    const HostPosition* const position = &host.follower.position;
    const double              bar = 4.0 * position->beats_per_bar / position->beat_unit;
    const double              off = (position->bar_quarter - cases[k].expected) / bar;
    CHECK(fabs(off - round(off)) < 1e-9);
  }
  // Another metre is a change
  Host host = playing(0.0, 120.0, 480);
  (void)follow(&host);
  move(&host);
  host.now.beats_per_bar = 3;
  CHECK(follow(&host) == TRANSPORT_CHANGED && !host.follower.position.is_seam);
}

/// Where the position is that of the output, the input's is ahead
static void
test_ahead(void)
{
  Host host        = playing(-1.0, 120.0, 480);
  host.now.n_ahead = 48000;
  (void)follow(&host);
  CHECK(fabs(host.follower.position.quarter - 1.0) < 1e-9);
  move(&host);
  CHECK(follow(&host) == TRANSPORT_SAME);
}

static void
test_nonsense(void)
{
  const double bad[] = {NAN, INFINITY, -INFINITY, 0.0, -5.0, 1e300};
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
    Host host         = playing(0.0, bad[i], 64);
    host.now.loop_end = bad[i];
    CHECK(follow(&host) == TRANSPORT_SAME && !host.follower.position.is_known);
    host.now.tempo_bpm   = 120.0;
    host.now.bar_quarter = bad[i];
    (void)follow(&host);
    CHECK(isfinite(host.follower.position.bar_quarter));
  }
}

int
main(void)
{
  test_steady();
  test_ticks();
  test_frozen();
  test_jumps_and_loops();
  test_stop_and_go();
  test_tempo();
  test_bars();
  test_ahead();
  test_ahead_in_a_loop();
  test_nonsense();
  return 0;
}
