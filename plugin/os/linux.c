/* SPDX-License-Identifier: GPL-3.0-or-later

   What Linux does in its own way. */

#define _GNU_SOURCE // sem_timedwait, sem_clockwait, gettid

#include "os/os.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Where the C library can wait by a clock that is never set, unless gcc's thread
   sanitizer, which does not know the function, would see races */
#if defined(__GLIBC_PREREQ) && !defined(__SANITIZE_THREAD__)
#  if __GLIBC_PREREQ(2, 30)
#    define HAS_SEM_CLOCKWAIT
#  endif
#endif

#ifdef HAS_SEM_CLOCKWAIT
static const clockid_t WAIT_CLOCK = CLOCK_MONOTONIC;
#else
static const clockid_t WAIT_CLOCK = CLOCK_REALTIME;
#endif

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

static int
wait_until(sem_t* const sem, const struct timespec* const until)
{
#ifdef HAS_SEM_CLOCKWAIT
  return sem_clockwait(sem, WAIT_CLOCK, until);
#else
  return sem_timedwait(sem, until);
#endif
}

bool
os_semaphore_wait(OsSemaphore* const semaphore, const uint32_t limit_ms)
{
  struct timespec until;
  clock_gettime(WAIT_CLOCK, &until);
  until.tv_sec += (time_t)(limit_ms / 1000);
  until.tv_nsec += (long)(limit_ms % 1000) * 1000000L;
  if (until.tv_nsec >= 1000000000L) {
    until.tv_nsec -= 1000000000L;
    ++until.tv_sec;
  }

  int status = 0;
  while ((status = wait_until(&semaphore->sem, &until)) && errno == EINTR) {
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
