/* SPDX-License-Identifier: GPL-3.0-or-later

   Stop a test with a line that says where it failed. */

#pragma once

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                               \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);          \
      exit(1);                                                                         \
    }                                                                                  \
  } while (0)

/// Return the next of a row of numbers that look random, from a seed that moves on
static inline unsigned
draw(unsigned* const seed)
{
  // Marsaglia, "Xorshift RNGs", J. Stat. Softw. 8(14), 2003
  *seed ^= *seed << 13U;
  *seed ^= *seed >> 17U;
  *seed ^= *seed << 5U;
  return *seed;
}
