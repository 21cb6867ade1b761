/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "os/running_clock.h"

#include "os/os.h"

enum { N_SHOWN_BITS = 24 };

static const uint32_t SHOWN = (1U << N_SHOWN_BITS) - 1; // a mask

uint32_t
running_clock_read(RunningClock* const clock, const uint64_t now_ms)
{
  uint64_t last  = atomic_load(clock);
  uint32_t shown = 0;
  do {
    const uint64_t last_ms = last >> N_SHOWN_BITS;
    if (now_ms < last_ms) { // another thread has looked meanwhile
      return (uint32_t)last & SHOWN;
    }
    const uint64_t passed = now_ms - last_ms;
    shown                 = (uint32_t)last & SHOWN;
    shown += passed < RUNNING_CLOCK_MAX_GAP_MS ? (uint32_t)passed
                                               : (uint32_t)RUNNING_CLOCK_MAX_GAP_MS;
    shown &= SHOWN;
  } while (!atomic_compare_exchange_weak(clock, &last, now_ms << N_SHOWN_BITS | shown));
  return shown;
}

uint32_t
running_ms(void)
{
  static RunningClock clock;
  return running_clock_read(&clock, os_now_ms());
}

uint32_t
running_ms_since(const uint32_t then)
{
  return (running_ms() - then) & SHOWN;
}
