/* SPDX-License-Identifier: GPL-3.0-or-later

   While the computer's clock is set, waits last as long as before. */

#include "check.h"

#include "os/os.h"

#include <stdint.h>
#include <time.h>

enum { HOUR_S = 3600, LIMIT_MS = 60 };

/// Return the time of a clock that is slow by an hour; stands in for `clock_gettime`
int
__real_clock_gettime(clockid_t clock, struct timespec* now);
int
__wrap_clock_gettime(clockid_t clock, struct timespec* now);

int
__wrap_clock_gettime(const clockid_t clock, struct timespec* const now)
{
  const int status = __real_clock_gettime(clock, now);
  now->tv_sec -= clock == CLOCK_REALTIME ? HOUR_S : 0;
  return status;
}

int
main(void)
{
  OsSemaphore* const semaphore = os_semaphore_new();
  CHECK(semaphore);
  for (int i = 0; i < 3; ++i) {
    const uint64_t start = os_now_ms();
    CHECK(!os_semaphore_wait(semaphore, LIMIT_MS));
    CHECK(os_now_ms() - start >= LIMIT_MS - 1);
    os_semaphore_post(semaphore);
    CHECK(os_semaphore_wait(semaphore, LIMIT_MS));
  }
  os_semaphore_free(semaphore);
  return 0;
}
