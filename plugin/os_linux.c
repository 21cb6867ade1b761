/* SPDX-License-Identifier: GPL-3.0-or-later

   What Linux does in its own way. */

#define _GNU_SOURCE // sem_timedwait, gettid

#include "os.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct OsSemaphoreImpl {
  sem_t sem;
};

OsSemaphore*
os_semaphore_new(void)
{
  OsSemaphore* const semaphore = (OsSemaphore*)calloc(1, sizeof(OsSemaphore));
  if (semaphore && sem_init(&semaphore->sem, 0, 0)) {
    free(semaphore);
    return NULL;
  }
  return semaphore;
}

void
os_semaphore_free(OsSemaphore* const semaphore)
{
  if (semaphore) {
    sem_destroy(&semaphore->sem);
    free(semaphore);
  }
}

void
os_semaphore_post(OsSemaphore* const semaphore)
{
  sem_post(&semaphore->sem);
}

bool
os_semaphore_wait(OsSemaphore* const semaphore, const uint32_t limit_ms)
{
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += (time_t)(limit_ms / 1000);
  until.tv_nsec += (long)(limit_ms % 1000) * 1000000L;
  if (until.tv_nsec >= 1000000000L) {
    until.tv_nsec -= 1000000000L;
    ++until.tv_sec;
  }

  int status = 0;
  while ((status = sem_timedwait(&semaphore->sem, &until)) && errno == EINTR) {
  }
  return !status;
}

bool
os_is_first_thread(void)
{
  return gettid() == getpid();
}

bool
os_user_data(char* const path, const size_t size)
{
  // A relative path is to be ignored, says the XDG Base Directory Specification
  if (os_variable("XDG_DATA_HOME", path, size) && path[0] == '/') {
    return true;
  }
  const char* const home = getenv("HOME");
  const int         n    = snprintf(path, size, "%s/.local/share", home ? home : "");
  return home && home[0] && n > 0 && (size_t)n < size;
}
