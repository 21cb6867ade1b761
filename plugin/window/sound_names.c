/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "window/sound_names.h"

#include <string.h>

static char
to_lower(const char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/// Return whether a name ends in `suffix`, in small letters
static bool
ends_in(const char* const name, const char* const suffix, const size_t n)
{
  const size_t length = strlen(name);
  if (length <= n) {
    return false;
  }
  for (size_t i = 0; i < n; ++i) {
    if (to_lower(name[length - n + i]) != suffix[i]) {
      return false;
    }
  }
  return true;
}

bool
is_sound_name(const char* const name)
{
  const char* pattern = SOUND_PATTERNS;
  while (*pattern) {
    const char* const suffix = pattern + 1; // after the star
    const size_t      n      = strcspn(suffix, ";");
    if (ends_in(name, suffix, n)) {
      return true;
    }
    pattern = suffix + n + (suffix[n] ? 1 : 0);
  }
  return false;
}
