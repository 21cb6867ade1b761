/* SPDX-License-Identifier: GPL-3.0-or-later

   What macOS does in its own way: it has no unnamed POSIX semaphores. */

#include "os/os.h"

#include <dispatch/dispatch.h>
#include <pthread.h>
#include <stdlib.h>

struct OsSemaphoreImpl {
  dispatch_semaphore_t sem;
};

OsSemaphore*
os_semaphore_new(void)
{
  OsSemaphore* const semaphore = (OsSemaphore*)calloc(1, sizeof(OsSemaphore));
  if (semaphore && !(semaphore->sem = dispatch_semaphore_create(0))) {
    free(semaphore);
    return NULL;
  }
  return semaphore;
}

void
os_semaphore_free(OsSemaphore* const semaphore)
{
  if (semaphore) {
    dispatch_release(semaphore->sem);
    free(semaphore);
  }
}

void
os_semaphore_post(OsSemaphore* const semaphore)
{
  dispatch_semaphore_signal(semaphore->sem);
}

bool
os_semaphore_wait(OsSemaphore* const semaphore, const uint32_t limit_ms)
{
  const int64_t limit_ns = (int64_t)limit_ms * (int64_t)NSEC_PER_MSEC;
  return !dispatch_semaphore_wait(semaphore->sem,
                                  dispatch_time(DISPATCH_TIME_NOW, limit_ns));
}

bool
os_is_first_thread(void)
{
  return pthread_main_np();
}

bool
os_user_data(char* const path, const size_t size)
{
  const char* const home = getenv("HOME");
  const int         n =
    snprintf(path, size, "%s/Library/Application Support", home ? home : "");
  return home && home[0] && n > 0 && (size_t)n < size;
}
