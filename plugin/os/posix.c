/* SPDX-License-Identifier: GPL-3.0-or-later

   What Linux and macOS have in common. */

#define _GNU_SOURCE // dladdr, RTLD_DEFAULT

#include "os/os.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STACK_SIZE = 8 << 20 }; // bytes; TensorFlow's import recurses deeply

struct OsMutexImpl {
  pthread_mutex_t mutex;
};

/// What a thread and its handle share; the last to leave frees it
typedef struct {
  OsThreadFunc func;
  void*        argument;
  OsSemaphore* ended; ///< Posted when the function does not run any more
  atomic_uint  n_owners;
} ThreadRecord;

struct OsThreadImpl {
  pthread_t     thread;
  pid_t         process; ///< In which it runs
  ThreadRecord* record;
};

/* Mutexes */

OsMutex*
os_mutex_new(void)
{
  OsMutex* const mutex = (OsMutex*)calloc(1, sizeof(OsMutex));
  if (mutex && pthread_mutex_init(&mutex->mutex, NULL)) {
    free(mutex);
    return NULL;
  }
  return mutex;
}

void
os_mutex_free(OsMutex* const mutex)
{
  if (mutex) {
    pthread_mutex_destroy(&mutex->mutex);
    free(mutex);
  }
}

void
os_mutex_lock(OsMutex* const mutex)
{
  pthread_mutex_lock(&mutex->mutex);
}

void
os_mutex_unlock(OsMutex* const mutex)
{
  pthread_mutex_unlock(&mutex->mutex);
}

/* Threads and time */

static void
leave_record(ThreadRecord* const record)
{
  if (record && atomic_fetch_sub(&record->n_owners, 1) == 1) {
    os_semaphore_free(record->ended);
    free(record);
  }
}

static ThreadRecord*
new_record(const OsThreadFunc func, void* const argument)
{
  ThreadRecord* const record = (ThreadRecord*)calloc(1, sizeof(ThreadRecord));
  if (record) {
    record->func     = func;
    record->argument = argument;
    record->ended    = os_semaphore_new();
    atomic_init(&record->n_owners, 1);
  }
  return record;
}

static void
post_end(void* const data)
{
  ThreadRecord* const record = (ThreadRecord*)data;
  os_semaphore_post(record->ended);
  leave_record(record);
}

static void*
run_thread(void* const data)
{
  // Python ends threads amid a call, and nothing after that call is reached then
  pthread_cleanup_push(post_end, data);
  const ThreadRecord* const record = (const ThreadRecord*)data;
  record->func(record->argument);
  pthread_cleanup_pop(1);
  return NULL;
}

static void
free_thread(OsThread* const thread)
{
  if (thread) {
    leave_record(thread->record);
    free(thread);
  }
}

OsThread*
os_thread_start(const OsThreadFunc func, void* const argument)
{
  OsThread* const thread = (OsThread*)calloc(1, sizeof(OsThread));
  if (!thread || !(thread->record = new_record(func, argument)) ||
      !thread->record->ended) {
    free_thread(thread);
    return NULL;
  }
  thread->process = getpid();

  // The host's signals are the host's: a new thread inherits this mask
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_SIZE);
  atomic_fetch_add(&thread->record->n_owners, 1);
  const int status =
    pthread_create(&thread->thread, &attributes, run_thread, thread->record);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);

  if (status) {
    leave_record(thread->record); // the thread's share
    free_thread(thread);
    return NULL;
  }
  return thread;
}

bool
os_thread_join(OsThread* const thread, const uint32_t limit_ms)
{
  if (thread->process == getpid()) {
    if (!os_semaphore_wait(thread->record->ended, limit_ms)) {
      return false;
    }
    pthread_join(thread->thread, NULL); // libraries tidy up after it, which is short
  }
  free_thread(thread);
  return true;
}

void
os_thread_detach(OsThread* const thread)
{
  pthread_detach(thread->thread);
  free_thread(thread);
}

uintptr_t
os_this_thread(void)
{
  return (uintptr_t)pthread_self();
}

uint32_t
os_this_process(void)
{
  return (uint32_t)getpid();
}

void
os_sleep_ms(const uint32_t duration_ms)
{
  const struct timespec duration = {(time_t)(duration_ms / 1000),
                                    (long)(duration_ms % 1000) * 1000000L};
  nanosleep(&duration, NULL);
}

uint64_t
os_now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

/* Libraries */

void*
os_library_open(const char* const path, const bool shared)
{
  return dlopen(path, RTLD_NOW | RTLD_NODELETE | (shared ? RTLD_GLOBAL : RTLD_LOCAL));
}

void*
os_library_symbol(void* const library, const char* const name)
{
  return dlsym(library, name);
}

void*
os_process_symbol(const char* const name)
{
  return dlsym(RTLD_DEFAULT, name);
}

bool
os_own_path(char* const path, const size_t size)
{
  Dl_info info;
  return dladdr((void*)(uintptr_t)&os_own_path, &info) && info.dli_fname &&
         os_real_path(info.dli_fname, path, size);
}

void
os_pin_self(void)
{
  Dl_info info;
  if (dladdr((void*)(uintptr_t)&os_pin_self, &info) && info.dli_fname) {
    (void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE | RTLD_NOLOAD);
  }
}

/* Files */

bool
os_real_path(const char* const path, char* const real, const size_t size)
{
  char* const resolved = realpath(path, NULL);
  const bool  fits     = resolved && strlen(resolved) < size;
  if (fits) {
    memcpy(real, resolved, strlen(resolved) + 1);
  }
  free(resolved);
  return fits;
}

FILE*
os_open(const char* const path)
{
  // To open a FIFO would wait for a writer
  const int   descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat about;
  const bool  is_plain =
    descriptor >= 0 && !fstat(descriptor, &about) && S_ISREG(about.st_mode);
  FILE* const file = is_plain ? fdopen(descriptor, "rb") : NULL;
  if (descriptor >= 0 && !file) {
    close(descriptor);
  }
  return file;
}

void
os_tidy_path(char* const path)
{
  (void)path; // '/' is the only separator
}

bool
os_variable(const char* const name, char* const value, const size_t size)
{
  const char* const text = getenv(name);
  const bool        fits = text && strlen(text) < size;
  if (fits) {
    memcpy(value, text, strlen(text) + 1);
  }
  return fits;
}

bool
os_list_folder(const char* const path,
               void (*const visit)(void* context, const char* name),
               void* const context)
{
  DIR* const folder = opendir(path);
  if (!folder) {
    return false;
  }
  const struct dirent* entry = NULL;
  while ((entry = readdir(folder))) {
    struct stat about;
    if (!fstatat(dirfd(folder), entry->d_name, &about, 0) && S_ISREG(about.st_mode)) {
      visit(context, entry->d_name);
    }
  }
  closedir(folder);
  return true;
}
