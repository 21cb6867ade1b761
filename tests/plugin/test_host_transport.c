/* SPDX-License-Identifier: GPL-3.0-or-later

   The host's song position is where its script says. */

#include "host_transport.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static const Options defaults = {.rate = 48000.0}; // 24000 frames a quarter at 120 bpm

static Transport*
from_script(const char* const script, const Options* const options)
{
  char      path[] = "transport-XXXXXX";
  const int fd     = mkstemp(path);
  CHECK(fd >= 0);
  FILE* const file = fdopen(fd, "w");
  CHECK(file && fputs(script, file) >= 0 && !fclose(file));
  Transport* const transport = transport_read(path, options);
  CHECK(!unlink(path));
  return transport;
}

static bool
is_near(const double a, const double b)
{
  return fabs(a - b) < 1e-9;
}

static struct v3_process_context
context_at(const Transport* const transport, const int64_t frame)
{
  struct v3_process_context context;
  transport_write(transport, frame, &context);
  return context;
}

/// Blocks end where something happens, and positions follow
static void
test_events_cut_blocks(void)
{
  Transport* const t = from_script("at 100 play 8\nat 24100 jump 3.5\nat 30000 stop\n"
                                   "at 30000 tempo 60\nat 40000 play 0\n",
                                   &defaults);
  CHECK(transport_advance(t, 0, 512) == 100);
  CHECK(!(context_at(t, 0).state & V3_PROCESS_CTX_PLAYING));
  CHECK(is_near(context_at(t, 0).project_time_quarters, 0.0));

  CHECK(transport_advance(t, 100, 412) == 412);
  CHECK(context_at(t, 100).state & V3_PROCESS_CTX_PLAYING);
  CHECK(is_near(context_at(t, 100).project_time_quarters, 8.0));
  CHECK(context_at(t, 100).project_time_in_samples == 8 * 24000);
  CHECK(context_at(t, 100).continuous_time_in_samples == 100);

  CHECK(transport_advance(t, 12100, 20000) == 12000);
  CHECK(is_near(context_at(t, 12100).project_time_quarters, 8.5));
  CHECK(is_near(context_at(t, 12100).bar_position_quarters, 8.0));

  CHECK(transport_advance(t, 24100, 20000) == 5900);
  CHECK(is_near(context_at(t, 24100).project_time_quarters, 3.5));
  CHECK(is_near(context_at(t, 24100).bar_position_quarters, 0.0));

  CHECK(transport_advance(t, 30000, 20000) == 10000);
  const double stood = 3.5 + 5900.0 / 24000.0;
  CHECK(is_near(context_at(t, 30000).project_time_quarters, stood));
  CHECK(is_near(context_at(t, 39000).project_time_quarters, stood));
  CHECK(is_near(context_at(t, 39000).bpm, 60.0));

  CHECK(transport_advance(t, 40000, 20000) == 20000);
  CHECK(is_near(context_at(t, 64000).project_time_quarters, 0.5));
  transport_free(t);
}

/// A loop begins again at the first frame that lies at its end or beyond
static void
test_loop(void)
{
  // 130 bpm does not divide the rate: a quarter lasts 22153.8 frames
  Transport* const t =
    from_script("at 0 tempo 130\nat 0 loop 4 6\nat 0 play 5\n", &defaults);
  const double per_frame = 130.0 / (60.0 * 48000.0);
  double       expected  = 5.0;
  int64_t      frame     = 0;
  for (int n_wraps = 0; n_wraps < 50;) {
    const int64_t n = transport_advance(t, frame, 512);
    CHECK(transport_wraps(t) >= n_wraps);
    expected -= transport_wraps(t) > n_wraps ? 2.0 : 0.0;
    n_wraps = transport_wraps(t);
    CHECK(fabs(context_at(t, frame).project_time_quarters - expected) < 1e-6);
    CHECK(expected > 4.0 - 1e-6 && expected < 6.0 - 1e-7);
    CHECK(context_at(t, frame).state & V3_PROCESS_CTX_CYCLE_ACTIVE);
    CHECK(is_near(context_at(t, frame).cycle_end_quarters, 6.0));
    expected += (double)n * per_frame;
    frame += n;
  }
  CHECK(llabs(frame - llround((1.0 + 49.0 * 2.0) / per_frame)) <= 512);

  transport_free(t);
}

/// A song beyond the loop's end, or a loop that is no more, plays on
static void
test_no_loop(void)
{
  Transport* const t = from_script(
    "at 0 loop 0 2\nat 0 play 3\nat 24000 jump 1\nat 24000 unloop\n", &defaults);
  CHECK(transport_advance(t, 0, 48000) == 24000);
  CHECK(transport_advance(t, 24000, 480000) == 480000);
  CHECK(!(context_at(t, 24000).state & V3_PROCESS_CTX_CYCLE_ACTIVE));
  CHECK(is_near(context_at(t, 72000).project_time_quarters, 3.0));
  CHECK(!transport_wraps(t));
  transport_free(t);
}

/// Bars follow the meter from where it was set
static void
test_meter(void)
{
  Transport* const t = from_script("at 0 play 0\nat 96000 meter 6 8\n", &defaults);
  CHECK(transport_advance(t, 0, 480000) == 96000);
  CHECK(is_near(context_at(t, 95999).bar_position_quarters, 0.0));
  CHECK(transport_advance(t, 96000, 480000) == 480000);
  CHECK(context_at(t, 96000).time_sig_numerator == 6 &&
        context_at(t, 96000).time_sig_denom == 8);
  CHECK(is_near(context_at(t, 96000).bar_position_quarters, 4.0));
  CHECK(is_near(context_at(t, 96000 + 3 * 24000).bar_position_quarters, 7.0));
  CHECK(is_near(context_at(t, 96000 + 5 * 24000).bar_position_quarters, 7.0));
  transport_free(t);
}

/// What a host leaves out, or has wrong, is so
static void
test_poor_hosts(void)
{
  const Options    without = {.rate = 48000.0, .no_bar = true};
  const Options    wrong   = {.rate = 48000.0, .wrong_bar = true};
  Transport* const a       = from_script("at 0 play 5\n", &without);
  Transport* const b       = from_script("at 0 play 5\n", &wrong);
  Transport* const c       = from_script("at 0 play 5\nat 9 frozen\n", &defaults);
  (void)transport_advance(a, 0, 1);
  (void)transport_advance(b, 0, 1);
  CHECK(transport_advance(c, 0, 99) == 9);
  CHECK(transport_advance(c, 9, 99) == 99);
  CHECK(!(context_at(a, 0).state & V3_PROCESS_CTX_BAR_POSITION_VALID));
  CHECK(context_at(b, 0).state & V3_PROCESS_CTX_BAR_POSITION_VALID);
  CHECK(!is_near(fmod(context_at(b, 0).bar_position_quarters, 4.0), 0.0));
  CHECK(is_near(context_at(c, 5000).project_time_quarters, 0.0));
  CHECK(context_at(c, 5000).state & V3_PROCESS_CTX_TEMPO_VALID);
  CHECK(!(context_at(c, 5000).state & V3_PROCESS_CTX_PLAYING));
  CHECK(!context_at(c, 5000).continuous_time_in_samples);

  transport_rewind(c);
  CHECK(transport_advance(c, 0, 99) == 9);
  CHECK(is_near(context_at(c, 0).project_time_quarters, 5.0));
  transport_free(a);
  transport_free(b);
  transport_free(c);
}

int
main(void)
{
  test_events_cut_blocks();
  test_loop();
  test_no_loop();
  test_meter();
  test_poor_hosts();
  return 0;
}
