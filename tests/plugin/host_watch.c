/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_watch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

Watch
watch_find(void)
{
  typedef void (*Act)(void);
  typedef unsigned long (*Count)(void);
  const Watch watch = {(Act)(uintptr_t)dlsym(RTLD_DEFAULT, "watch_arm"),
                       (Act)(uintptr_t)dlsym(RTLD_DEFAULT, "watch_begin"),
                       (Act)(uintptr_t)dlsym(RTLD_DEFAULT, "watch_end"),
                       (Count)(uintptr_t)dlsym(RTLD_DEFAULT, "watch_total"),
                       (Act)(uintptr_t)dlsym(RTLD_DEFAULT, "watch_print")};
  CHECK(!watch.arm == !watch.begin && !watch.arm == !watch.end);
  CHECK(!watch.arm == !watch.total && !watch.arm == !watch.print);
  return watch;
}

bool
watch_sin(const char* const kind)
{
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  struct timespec        now;
  if (!strcmp(kind, "malloc")) {
    void* volatile memory = malloc(64);
    free(memory);
  } else if (!strcmp(kind, "lock")) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  } else if (!strcmp(kind, "syscall")) {
    (void)syscall(SYS_getppid);
  } else if (!strcmp(kind, "hidden")) {
    (void)getppid();
  } else if (!strcmp(kind, "clock")) {
    clock_gettime(CLOCK_MONOTONIC, &now);
  } else {
    return false;
  }
  return true;
}
