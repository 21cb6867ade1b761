/* SPDX-License-Identifier: GPL-3.0-or-later

   Arithmetic on integers. */

#pragma once

#include <stdint.h>

/// Return the smaller of two numbers
static inline uint32_t
min_u32(const uint64_t a, const uint32_t b)
{
  return a < b ? (uint32_t)a : b;
}
