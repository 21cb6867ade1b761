/* SPDX-License-Identifier: GPL-3.0-or-later

   Threads, waiting and libraries on Windows. */

#include "os/os.h"
#include "os/win32_text.h"

#include <windows.h>

#include <limits.h>
#include <process.h>
#include <psapi.h>
#include <stdlib.h>
#include <string.h>

enum {
  STACK_SIZE  = 8 << 20, // bytes; TensorFlow's import recurses deeply
  MAX_MODULES = 4096     // that a process may have loaded
};

/* Semaphores and threads are the system's own handles, by another name */

struct OsMutexImpl {
  SRWLOCK lock;
};

/* Semaphores */

OsSemaphore*
os_semaphore_new(void)
{
  return (OsSemaphore*)CreateSemaphoreW(NULL, 0, LONG_MAX, NULL);
}

void
os_semaphore_free(OsSemaphore* const semaphore)
{
  if (semaphore) {
    CloseHandle((HANDLE)semaphore);
  }
}

void
os_semaphore_post(OsSemaphore* const semaphore)
{
  ReleaseSemaphore((HANDLE)semaphore, 1, NULL);
}

bool
os_semaphore_wait(OsSemaphore* const semaphore, const uint32_t limit_ms)
{
  return WaitForSingleObject((HANDLE)semaphore, limit_ms) == WAIT_OBJECT_0;
}

/* Mutexes */

OsMutex*
os_mutex_new(void)
{
  OsMutex* const mutex = (OsMutex*)calloc(1, sizeof(OsMutex));
  if (mutex) {
    InitializeSRWLock(&mutex->lock);
  }
  return mutex;
}

void
os_mutex_free(OsMutex* const mutex)
{
  free(mutex);
}

void
os_mutex_lock(OsMutex* const mutex)
{
  AcquireSRWLockExclusive(&mutex->lock);
}

void
os_mutex_unlock(OsMutex* const mutex)
{
  ReleaseSRWLockExclusive(&mutex->lock);
}

/* Threads and time */

typedef struct {
  OsThreadFunc func;
  void*        argument;
} Start;

static unsigned __stdcall run_thread(void* const data)
{
  const Start start = *(const Start*)data;
  free(data);
  start.func(start.argument);
  return 0;
}

OsThread*
os_thread_start(const OsThreadFunc func, void* const argument)
{
  Start* const start = (Start*)malloc(sizeof(Start));
  if (!start) {
    return NULL;
  }
  *start = (Start){func, argument};

  OsThread* const thread = (OsThread*)_beginthreadex(
    NULL, STACK_SIZE, run_thread, start, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (!thread) {
    free(start);
  }
  return thread;
}

bool
os_thread_join(OsThread* const thread, const uint32_t limit_ms)
{
  if (WaitForSingleObject((HANDLE)thread, limit_ms) != WAIT_OBJECT_0) {
    return false;
  }
  os_thread_detach(thread);
  return true;
}

void
os_thread_detach(OsThread* const thread)
{
  CloseHandle((HANDLE)thread);
}

uintptr_t
os_this_thread(void)
{
  return GetCurrentThreadId();
}

bool
os_is_first_thread(void)
{
  return false; // Windows does not say
}

uint32_t
os_this_process(void)
{
  return GetCurrentProcessId();
}

void
os_sleep_ms(const uint32_t duration_ms)
{
  Sleep(duration_ms);
}

uint64_t
os_now_ms(void)
{
  LARGE_INTEGER frequency; // per second; at most 10 MHz in practice
  LARGE_INTEGER now;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  return (uint64_t)now.QuadPart * 1000U / (uint64_t)frequency.QuadPart;
}

/* Libraries */

void*
os_library_open(const char* const path, const bool shared)
{
  (void)shared; // os_process_symbol looks into every library
  WCHAR wide[WIN32_MAX_PATH];
  WCHAR full[WIN32_MAX_PATH]; // with '\\': the loader knows nothing else
  if (!win32_to_wide(path, wide)) {
    return NULL;
  }
  const DWORD n = GetFullPathNameW(wide, WIN32_MAX_PATH, full, NULL);
  if (!n || n >= WIN32_MAX_PATH) {
    return NULL;
  }
  // Python's library has others beside it that it needs
  return (void*)LoadLibraryExW(
    full, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
}

void*
os_library_symbol(void* const library, const char* const name)
{
  return (void*)(uintptr_t)GetProcAddress((HMODULE)library, name);
}

void*
os_process_symbol(const char* const name)
{
  HMODULE modules[MAX_MODULES];
  DWORD   n_bytes = 0;
  if (!EnumProcessModules(GetCurrentProcess(), modules, sizeof(modules), &n_bytes)) {
    return NULL;
  }
  const size_t n      = n_bytes / sizeof(modules[0]);
  void*        symbol = NULL;
  for (size_t i = 0; i < n && i < MAX_MODULES && !symbol; ++i) {
    symbol = os_library_symbol(modules[i], name);
  }
  return symbol;
}

static HMODULE
own_module(const DWORD flags)
{
  static const char here = 0;
  HMODULE           own  = NULL;
  GetModuleHandleExW(
    flags | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCWSTR)(const void*)&here, &own);
  return own;
}

bool
os_own_path(char* const path, const size_t size)
{
  WCHAR         wide[WIN32_MAX_PATH];
  char          narrow[WIN32_MAX_PATH];
  const HMODULE own = own_module(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT);
  const DWORD   n   = own ? GetModuleFileNameW(own, wide, WIN32_MAX_PATH) : 0;
  return n && n < WIN32_MAX_PATH && win32_from_wide(wide, narrow, sizeof(narrow)) &&
         os_real_path(narrow, path, size);
}

void
os_pin_self(void)
{
  (void)own_module(GET_MODULE_HANDLE_EX_FLAG_PIN);
}
