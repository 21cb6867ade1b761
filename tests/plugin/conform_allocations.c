/* SPDX-License-Identifier: GPL-3.0-or-later

   Count what a thread allocates, in this program and in what it loads. */

#include "conform.h"

#include <stdlib.h>

static _Thread_local bool     counting;
static _Thread_local unsigned n_allocations;

void
allocations_begin(void)
{
  n_allocations = 0;
  counting      = true;
}

unsigned
allocations_end(void)
{
  counting = false;
  return n_allocations;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

/* Sanitizers replace the allocator, and have a hook for each call */

extern int
__sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, size_t),
                                          void (*)(const volatile void*));

static void
note_malloc(const volatile void* const memory, const size_t size)
{
  (void)memory;
  (void)size;
  n_allocations += counting;
}

static void
note_free(const volatile void* const memory)
{
  n_allocations += counting && memory;
}

__attribute__((constructor)) static void
install(void)
{
  (void)__sanitizer_install_malloc_and_free_hooks(note_malloc, note_free);
}

#else

/* The program's own functions come before glibc's, for libraries too */

#  define EXPORT __attribute__((visibility("default")))

extern void*
__libc_malloc(size_t size);
extern void*
__libc_calloc(size_t n, size_t size);
extern void*
__libc_realloc(void* memory, size_t size);
extern void
__libc_free(void* memory);

EXPORT void*
malloc(const size_t size)
{
  n_allocations += counting;
  return __libc_malloc(size);
}

EXPORT void*
calloc(const size_t n, const size_t size)
{
  n_allocations += counting;
  return __libc_calloc(n, size);
}

EXPORT void*
realloc(void* const memory, const size_t size)
{
  n_allocations += counting;
  return __libc_realloc(memory, size);
}

EXPORT void
free(void* const memory)
{
  n_allocations += counting && memory;
  __libc_free(memory);
}

#endif
