/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/utf16.h"

#include "core/utf8.h"

/* RFC 2781.  What is not of it becomes the replacement character. */

enum { PAIRED = 0x10000, HIGH = 0xD800, LOW = 0xDC00 };

void
utf16_from_utf8(int16_t* const text, const size_t size, const char* const utf8)
{
  const char* from = utf8;
  size_t      n    = 0;
  while (*from) {
    const uint32_t code = utf8_next(&from);
    if (n + (code < PAIRED ? 1 : 2) >= size) {
      break;
    }
    if (code < PAIRED) {
      text[n++] = (int16_t)(uint16_t)code;
    } else {
      text[n++] = (int16_t)(uint16_t)(HIGH | (code - PAIRED) >> 10U);
      text[n++] = (int16_t)(uint16_t)(LOW | ((code - PAIRED) & 0x3FFU));
    }
  }
  text[n] = 0;
}

/// Return the character that begins at `*text`, and move past it
static uint32_t
next_of_utf16(const int16_t** const text)
{
  const uint32_t first = (uint16_t) * (*text)++;
  if (first < HIGH || first >= HIGH + 0x800) {
    return first;
  }
  const uint32_t second = (uint16_t) * *text;
  if (first >= LOW || second < LOW || second >= LOW + 0x400) {
    return UTF8_REPLACEMENT;
  }
  ++*text;
  return PAIRED + ((first - HIGH) << 10U) + (second - LOW);
}

void
utf16_to_utf8(char* const utf8, const size_t n_bytes, const int16_t* const text)
{
  static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};

  const int16_t* from = text;
  size_t         n    = 0;
  while (*from) {
    const uint32_t code   = next_of_utf16(&from);
    const unsigned n_more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < PAIRED ? 2 : 3;
    if (n + n_more + 1 >= n_bytes) {
      break;
    }
    utf8[n++] = (char)(marks[n_more] | code >> (6 * n_more));
    for (unsigned i = n_more; i-- > 0;) {
      utf8[n++] = (char)(0x80U | (code >> (6 * i) & 0x3FU));
    }
  }
  utf8[n] = '\0';
}
