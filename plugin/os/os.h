/* SPDX-License-Identifier: GPL-3.0-or-later

   What the operating system provides: threads, waiting, libraries, and files.

   All text is UTF-8, and paths that come from here have '/' as their separator. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/// A counting semaphore
typedef struct OsSemaphoreImpl OsSemaphore;

/// Mutual exclusion between threads that may wait
typedef struct OsMutexImpl OsMutex;

/// A thread that is to be joined or left to itself
typedef struct OsThreadImpl OsThread;

/// What a thread runs
typedef void (*OsThreadFunc)(void* argument);

/// Return a semaphore at 0, or NULL
OsSemaphore*
os_semaphore_new(void);

/// Free a semaphore that no thread uses any more; may be NULL
void
os_semaphore_free(OsSemaphore* semaphore);

/// Let one waiting thread go on
void
os_semaphore_post(OsSemaphore* semaphore);

/// Wait for a post; return false after `limit_ms` milliseconds without one
bool
os_semaphore_wait(OsSemaphore* semaphore, uint32_t limit_ms);

/// Return a free mutex, or NULL
OsMutex*
os_mutex_new(void);

/// Free a mutex that no thread uses any more; may be NULL
void
os_mutex_free(OsMutex* mutex);

/// Wait for the mutex and take it
void
os_mutex_lock(OsMutex* mutex);

/// Give the mutex back
void
os_mutex_unlock(OsMutex* mutex);

/// Start a thread; return NULL if it does not start
OsThread*
os_thread_start(OsThreadFunc func, void* argument);

/**
   Wait until nothing of the thread runs any more, free the handle, and return true.

   Returns false after `limit_ms` milliseconds, with the handle as it was.  A thread
   that something else has ended, and one that another process started before it
   forked into this one, do not run.
*/
bool
os_thread_join(OsThread* thread, uint32_t limit_ms);

/// Let the thread end when it will, and free the handle
void
os_thread_detach(OsThread* thread);

/// Return a number that only the calling thread has, of those now running
uintptr_t
os_this_thread(void);

/// Return whether the calling thread is the one with which the process began; false
/// where the system does not say
bool
os_is_first_thread(void);

/// Return a number that only this process has, of those now running
uint32_t
os_this_process(void);

/// Wait; never on the audio thread
void
os_sleep_ms(uint32_t duration_ms);

/// Return milliseconds on a clock that never turns back
uint64_t
os_now_ms(void);

/// Load a library for good; with `shared`, its symbols serve later libraries
void*
os_library_open(const char* path, bool shared);

/// Return the address of a symbol in a library, or NULL
void*
os_library_symbol(void* library, const char* name);

/// Return the address of a symbol that the whole process sees, or NULL
void*
os_process_symbol(const char* name);

/// Write the path of the library this code is in; return false if too long
bool
os_own_path(char* path, size_t size);

/// Keep the library this code is in mapped until the process ends
void
os_pin_self(void);

/// Write the path with its links followed; return false if there is no such file
bool
os_real_path(const char* path, char* real, size_t size);

/// Open a plain file to be read, or return NULL; does not wait for a writer
FILE*
os_open(const char* path);

/// Replace any other separator that the system accepts in a path by '/'
void
os_tidy_path(char* path);

/// Write a variable of the environment; return false if unset, or too long
bool
os_variable(const char* name, char* value, size_t size);

/// Call `visit` with the name of each plain file in a folder, in any order; return
/// false if there is no such folder
bool
os_list_folder(const char* path,
               void (*visit)(void* context, const char* name),
               void* context);

/// Write the folder where programs keep the user's own data; return false if unknown
bool
os_user_data(char* path, size_t size);
