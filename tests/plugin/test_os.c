/* SPDX-License-Identifier: GPL-3.0-or-later

   Every system keeps the promises of os.h.  Takes the module to load; the variable
   REQUINTO_FOLDER is a folder whose name is not ASCII, which holds one file. */

#include "check.h"

#include "os/os.h"

#include <stdatomic.h>
#ifndef _WIN32
#  include <pthread.h>
#  include <sys/wait.h>
#  include <unistd.h>
#endif
#include <string.h>

enum { MAX_FOLDER_BYTES = 1024, MAX_PATH_BYTES = 4096, DEEP_BYTES = 6 << 20 };

static void
post_later(void* const semaphore)
{
  os_sleep_ms(50);
  os_semaphore_post((OsSemaphore*)semaphore);
}

static void
test_semaphores(void)
{
  OsSemaphore* const semaphore = os_semaphore_new();
  CHECK(semaphore && !os_semaphore_wait(semaphore, 0));

  const uint64_t begun = os_now_ms();
  CHECK(!os_semaphore_wait(semaphore, 100));
  const uint64_t waited = os_now_ms() - begun;
  CHECK(waited >= 80 && waited < 5000); // clocks may tick 16 ms apart

  // It counts
  os_semaphore_post(semaphore);
  os_semaphore_post(semaphore);
  CHECK(os_semaphore_wait(semaphore, 0) && os_semaphore_wait(semaphore, 0));
  CHECK(!os_semaphore_wait(semaphore, 0));

  // It wakes another thread before the limit
  OsThread* const thread = os_thread_start(post_later, semaphore);
  CHECK(thread && os_semaphore_wait(semaphore, 20000));
  CHECK(os_thread_join(thread, 20000));
  os_semaphore_free(semaphore);
  os_semaphore_free(NULL);
}

typedef struct {
  OsMutex* mutex;
  int      n;
} Counter;

static void
count(void* const argument)
{
  Counter* const counter = (Counter*)argument;
  for (int i = 0; i < 20000; ++i) {
    os_mutex_lock(counter->mutex);
    ++counter->n;
    os_mutex_unlock(counter->mutex);
  }
}

static void
test_mutexes(void)
{
  Counter counter = {os_mutex_new(), 0};
  CHECK(counter.mutex);
  OsThread* const first  = os_thread_start(count, &counter);
  OsThread* const second = os_thread_start(count, &counter);
  CHECK(first && second);
  CHECK(os_thread_join(first, 20000));
  CHECK(os_thread_join(second, 20000));
  CHECK(counter.n == 40000);
  os_mutex_free(counter.mutex);
}

/// Use as much stack as TensorFlow's import may
static void
go_deep(void* const sum)
{
  volatile char room[DEEP_BYTES];
  for (int i = 0; i < DEEP_BYTES; i += 4096) {
    room[i] = 1;
    atomic_fetch_add((atomic_int*)sum, room[i]);
  }
}

static void
store_thread(void* const number)
{
  *(uintptr_t*)number = os_this_thread();
}

static void
test_threads(void)
{
  atomic_int      n_pages = 0;
  OsThread* const deep    = os_thread_start(go_deep, &n_pages);
  CHECK(deep);
  CHECK(os_thread_join(deep, 20000));
  CHECK(atomic_load(&n_pages) == DEEP_BYTES / 4096);

  uintptr_t       other  = 0;
  OsThread* const thread = os_thread_start(store_thread, &other);
  CHECK(thread);
  CHECK(os_thread_join(thread, 20000));
  CHECK(other && other != os_this_thread() && os_this_thread() == os_this_thread());
}

#ifndef _WIN32
static void
end_itself(void* const argument)
{
  (void)argument;
  pthread_exit(NULL); // as Python ends a thread that waits for its lock
}

static void
wait_for_ever(void* const semaphore)
{
  (void)os_semaphore_wait((OsSemaphore*)semaphore, 60000);
}

/// A thread that was ended, or that a fork has left behind, is not waited for
static void
test_threads_that_do_not_run(void)
{
  CHECK(os_is_first_thread());
  OsThread* const ended = os_thread_start(end_itself, NULL);
  CHECK(ended && os_thread_join(ended, 20000));

  OsSemaphore* const semaphore = os_semaphore_new();
  OsThread* const    thread    = os_thread_start(wait_for_ever, semaphore);
  CHECK(thread && !os_thread_join(thread, 20));
  const uint32_t parent = os_this_process();
  const pid_t    child  = fork();
  if (!child) {
    const uint64_t begun = os_now_ms();
    const bool     joins = os_thread_join(thread, 20000) && os_now_ms() - begun < 1000;
    _exit(joins && os_this_process() != parent ? 0 : 1);
  }
  int status = 1;
  CHECK(child > 0 && waitpid(child, &status, 0) == child && !status);
  os_semaphore_post(semaphore);
  CHECK(os_thread_join(thread, 20000));
  os_semaphore_free(semaphore);
}
#endif

static void
test_libraries(const char* const module)
{
  CHECK(!os_library_open("/nowhere/library", false));
  CHECK(!os_process_symbol("GetPluginFactory") && os_process_symbol("malloc"));
  void* const library = os_library_open(module, true);
  CHECK(library && !os_library_symbol(library, "no_such_symbol"));
  void* const symbol = os_library_symbol(library, "GetPluginFactory");
  CHECK(symbol && os_process_symbol("GetPluginFactory") == symbol);
  os_pin_self();
}

/// Remember a name, or that there were several
static void
note(void* const noted, const char* const name)
{
  char* const text = (char*)noted;
  strcpy(text, text[0] ? "several" : name);
}

static void
test_files(void)
{
  static const char file[] = "g\xC3\xBCira.txt";

  char folder[MAX_FOLDER_BYTES];
  CHECK(os_variable("REQUINTO_FOLDER", folder, sizeof(folder)));
  char path[MAX_PATH_BYTES];
  char real[MAX_PATH_BYTES];
  char noted[MAX_PATH_BYTES] = "";
  CHECK(os_list_folder(folder, note, noted) && !strcmp(noted, file));
  snprintf(path, sizeof(path), "%s/none", folder);
  CHECK(!os_list_folder(path, note, noted) && !os_real_path(path, real, sizeof(real)));
  CHECK(!os_open(path) && !os_real_path("", real, sizeof(real)));

  // A path with its detours taken out ends in the same names
  snprintf(path, sizeof(path), "%s/../%s/./%s", folder, strrchr(folder, '/') + 1, file);
  CHECK(os_real_path(path, real, sizeof(real)) && !strchr(real, '\\'));
  snprintf(path, sizeof(path), "%s/%s", strrchr(folder, '/'), file);
  const size_t n = strlen(real);
  CHECK(n > strlen(path) && !strcmp(real + n - strlen(path), path));
  CHECK(!strstr(real, "/../") && !os_real_path(real, noted, n));

  FILE* const stream = os_open(real);
  char        text[16];
  CHECK(stream && fread(text, 1, sizeof(text), stream) == 4);
  CHECK(!memcmp(text, "text", 4));
  fclose(stream);
}

static void
test_paths(void)
{
  char path[MAX_PATH_BYTES];
  char real[MAX_PATH_BYTES];
  CHECK(os_own_path(path, sizeof(path)) && strstr(path, "/test_os"));
  CHECK(os_real_path(path, real, sizeof(real)) && !strcmp(path, real));
  CHECK(!os_own_path(path, 4));

  char value[64];
  CHECK(!os_variable("REQUINTO_UNSET", value, sizeof(value)));
  CHECK(os_variable("REQUINTO_WORD", value, sizeof(value)));
  CHECK(!strcmp(value, "gu\xC3\xADro") && !os_variable("REQUINTO_WORD", value, 3));

  CHECK(os_user_data(path, sizeof(path)) && strchr(path, '/'));
  CHECK(!strchr(path, '\\') && !os_user_data(path, 4));
}

int
main(const int argc, char** const argv)
{
  CHECK(argc == 2);
  test_semaphores();
  test_mutexes();
  test_threads();
#ifndef _WIN32
  test_threads_that_do_not_run();
#endif
  test_libraries(argv[1]);
  test_files();
  test_paths();
  return 0;
}
