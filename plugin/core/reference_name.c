/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/reference_name.h"

#include "core/utf16.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/// Return how many bytes of a control character text begins with, in ASCII or UTF-8.
/// Not as `iscntrl`, which depends on the locale that the host chose
static size_t
control_size(const char* const text)
{
  const unsigned char first = (unsigned char)text[0];
  if (first == 0xC2U) {
    const unsigned char second = (unsigned char)text[1];
    return second >= 0x80U && second < 0xA0U ? 2 : 0;
  }
  return (first && first < 0x20U) || first == 0x7FU ? 1 : 0;
}

bool
reference_name_has_control(const char* text)
{
  while (*text && !control_size(text)) {
    ++text;
  }
  return *text;
}

bool
reference_name_is_valid(const char* const text)
{
  return text[0] && strlen(text) < REFERENCES_MAX_NAME &&
         !reference_name_has_control(text);
}

void
reference_name_clean(const char* text, char name[REFERENCES_MAX_NAME])
{
  size_t n = 0;
  while (*text && n < REFERENCES_MAX_NAME - 1) {
    const size_t size = control_size(text);
    name[n++]         = size ? '?' : *text;
    text += size ? size : 1;
  }
  // What is too long is not cut within a character
  while (n && *text && ((unsigned char)*text & 0xC0U) == 0x80U) {
    text = &name[--n];
  }
  if (!n) {
    name[n++] = '?';
  }
  name[n] = '\0';
}

void
reference_name_show(const char* const text, char shown[REFERENCES_MAX_SHOWN])
{
  char    name[REFERENCES_MAX_NAME];
  int16_t valid[REFERENCES_MAX_NAME]; // what is no UTF-8 is replaced on the way
  reference_name_clean(text, name);
  utf16_from_utf8(valid, REFERENCES_MAX_NAME, name);
  utf16_to_utf8(shown, REFERENCES_MAX_SHOWN, valid);
}

char*
reference_name_copy(const char* const text)
{
  const size_t size = strlen(text) + 1;
  char* const  copy = (char*)calloc(1, size);
  if (copy) {
    memcpy(copy, text, size);
  }
  return copy;
}
