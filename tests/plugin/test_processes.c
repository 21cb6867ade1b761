/* SPDX-License-Identifier: GPL-3.0-or-later

   A process that is stopped and goes on has lost no time: no wait times out.
   In one that is forked, threads that are not there are not waited for. */

#include "check.h"

#include "harness.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOP_MS = 1800 };

static const Limits limits = {1000, 5000};

/// Have another process stop this one some times, each after a while, and let it go on
static pid_t
stop_soon(const int n_stops, const uint32_t after_ms)
{
  const pid_t own     = getpid();
  const pid_t stopper = fork();
  CHECK(stopper >= 0);
  if (!stopper) {
    for (int i = 0; i < n_stops; ++i) {
      os_sleep_ms(after_ms);
      (void)kill(own, SIGSTOP);
      os_sleep_ms(STOP_MS);
      (void)kill(own, SIGCONT);
    }
    _exit(0);
  }
  return stopper;
}

static void
end_stopper(const pid_t stopper)
{
  int status = 0;
  CHECK(waitpid(stopper, &status, 0) == stopper && WIFEXITED(status));
}

/// Run blocks of sound, offline
static void
play(const Harness harness, const int n_blocks)
{
  for (int i = 0; i < n_blocks; ++i) {
    play_blocks(harness, 1, &limits);
    CHECK(!engine_is_over(harness.engine));
  }
}

/// One of three blocks waits for a call of 100 ms; in some of them all stops
static void
test_in_a_bounce(void)
{
  reset_script();
  const Harness harness = begin();
  play(harness, 20);
  atomic_store(&script.sleep_ms, 100);
  const pid_t stopper = stop_soon(2, 250);
  play(harness, 60);
  end_stopper(stopper);
  CHECK(engine_status(harness.engine) == STATUS_READY &&
        !engine_dropouts(harness.engine));
  end(harness);
}

/// The host drops us while the worker is busy, and all stops
static void
test_at_the_end(void)
{
  reset_script();
  atomic_store(&script.sleep_ms, 250);
  const Harness harness = begin();
  play_blocks(harness, 20, NULL);
  while (!atomic_load(&script.n_open)) {
    os_sleep_ms(1);
  }
  const pid_t stopper = stop_soon(1, 50);
  CHECK(end_within(harness, &limits));
  end_stopper(stopper);
  CHECK(atomic_load(&script.n_closed) == 1);
}

/// A bounce that goes on in a fork learns at once that there is no worker
static void
test_in_a_fork(void)
{
  static const Limits long_ones = {60000, 60000};
  reset_script();
  const Harness harness = begin();
  play(harness, 20);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (!child) {
    const uint64_t start  = os_now_ms();
    bool           served = true;
    for (int i = 0; i < 100 && served; ++i) {
      (void)run_block(harness.engine, 0.5F, &long_ones);
      served = !engine_is_over(harness.engine);
    }
    CHECK(!served && os_now_ms() - start < 10000);
    CHECK(engine_status(harness.engine) == STATUS_NO_ANSWER);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
  CHECK(!WEXITSTATUS(status));
  play(harness, 20);
  end(harness);
}

int
main(void)
{
  test_in_a_bounce();
  test_at_the_end();
  test_in_a_fork();
  return 0;
}
