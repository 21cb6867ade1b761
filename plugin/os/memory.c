/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "os/memory.h"

#include <stdlib.h>

enum { PAGE = 4096 }; // bytes: no system has smaller ones

void*
memory_new_resident(const size_t n, const size_t size)
{
  void* const memory = calloc(n, size);
  for (size_t i = 0; memory && i < n * size; i += PAGE) {
    ((volatile unsigned char*)memory)[i] = 0;
  }
  return memory;
}
