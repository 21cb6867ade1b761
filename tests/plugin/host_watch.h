/* SPDX-License-Identifier: GPL-3.0-or-later

   Watch what the plugin calls in a block, if the watching library was preloaded. */

#pragma once

#include <stdbool.h>

/// The functions of the library; all are NULL without it
typedef struct {
  void (*arm)(void);
  void (*begin)(void);
  void (*end)(void);
  unsigned long (*total)(void);
  void (*print)(void);
} Watch;

/// Return the library's functions
Watch
watch_find(void);

/// Do what an audio thread must not do: `malloc`, `lock`, `syscall`, `clock` or
/// `hidden`, a system call by a name that is not watched.  False if unknown.
bool
watch_sin(const char* kind);
