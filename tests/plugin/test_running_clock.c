/* SPDX-License-Identifier: GPL-3.0-or-later

   The clock for limits: it counts what the process ran, and stands while it did not. */

#include "check.h"

#include "os/running_clock.h"

#include "os/os.h"

enum { DAY_MS = 24 * 3600 * 1000, N_TURNS = 20000, N_THREADS = 4 };

static const uint64_t starts[] =
  {0, 1, 99, INT32_MAX, UINT32_MAX - 50, UINT32_MAX, 400ULL * DAY_MS};

/// Turns of waiting are counted whole, whenever the computer was started
static void
test_turns_count(void)
{
  for (unsigned k = 0; k < sizeof(starts) / sizeof(starts[0]); ++k) {
    RunningClock   clock = 0;
    const uint32_t begin = running_clock_read(&clock, starts[k]);
    unsigned       seed  = k + 1;
    uint64_t       now   = starts[k];
    for (int i = 0; i < N_TURNS; ++i) {
      now += draw(&seed) % RUNNING_CLOCK_MAX_GAP_MS;
      CHECK(running_clock_read(&clock, now) - begin == now - starts[k]);
    }
  }
}

/// However long the process was stopped, that is one turn
static void
test_stops_do_not(void)
{
  static const uint64_t gaps[] = {100, 101, 23000, INT32_MAX, 50ULL * DAY_MS};
  for (unsigned k = 0; k < sizeof(gaps) / sizeof(gaps[0]); ++k) {
    RunningClock   clock = 0;
    const uint32_t begin = running_clock_read(&clock, 5000);
    const uint64_t after = 5000 + gaps[k];
    CHECK(running_clock_read(&clock, after) == begin + RUNNING_CLOCK_MAX_GAP_MS);
    CHECK(running_clock_read(&clock, after + 7) ==
          begin + RUNNING_CLOCK_MAX_GAP_MS + 7);
  }
}

/// A thread that read the time before a stop, and looks after it, turns nothing back
static void
test_the_past_is_passed_over(void)
{
  RunningClock clock = 0;
  (void)running_clock_read(&clock, 5000);
  const uint32_t shown = running_clock_read(&clock, 90000);
  CHECK(running_clock_read(&clock, 5001) == shown);
  CHECK(running_clock_read(&clock, 90001) == shown + 1);
}

static void
look(void* const argument)
{
  (void)argument;
  for (int i = 0; i < N_TURNS; ++i) {
    (void)running_ms();
  }
}

/// Many threads that look do not make it faster
static void
test_threads(void)
{
  const uint64_t before = os_now_ms();
  const uint32_t then   = running_ms();
  OsThread*      threads[N_THREADS];
  for (int i = 0; i < N_THREADS; ++i) {
    threads[i] = os_thread_start(look, NULL);
    CHECK(threads[i]);
  }
  for (int i = 0; i < N_THREADS; ++i) {
    CHECK(os_thread_join(threads[i], 60000));
  }
  const uint32_t ran_ms = running_ms_since(then);
  CHECK(ran_ms <= os_now_ms() - before);
  os_sleep_ms(20);
  CHECK(running_ms_since(then) > ran_ms && running_ms_since(running_ms()) < 1000);
}

int
main(void)
{
  test_turns_count();
  test_stops_do_not();
  test_the_past_is_passed_over();
  test_threads();
  return 0;
}
