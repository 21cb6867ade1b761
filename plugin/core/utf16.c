/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/utf16.h"

#include <stdbool.h>

/* RFC 3629 and RFC 2781.  What is neither becomes the replacement character. */

enum { REPLACEMENT = 0xFFFD, PAIRED = 0x10000, HIGH = 0xD800, LOW = 0xDC00 };

/// Return the character that begins at `*utf8`, and move past it
static uint32_t
next_of_utf8(const unsigned char** const utf8)
{
  static const uint32_t lowest[] = {0, 0x80, 0x800, 0x10000};

  const unsigned char first  = *(*utf8)++;
  const unsigned      n_more = first < 0x80                    ? 0U
                               : first >= 0xC0 && first < 0xE0 ? 1U
                               : first >= 0xE0 && first < 0xF0 ? 2U
                               : first >= 0xF0 && first < 0xF8 ? 3U
                                                               : 4U;
  if (n_more > 3) {
    return REPLACEMENT;
  }
  uint32_t code = n_more ? first & (0x3FU >> n_more) : first;
  for (unsigned i = 0; i < n_more; ++i) {
    if ((**utf8 & 0xC0U) != 0x80U) {
      return REPLACEMENT;
    }
    code = code << 6U | (*(*utf8)++ & 0x3FU);
  }
  const bool surrogate = code >= HIGH && code < HIGH + 0x800;
  return code < lowest[n_more] || code > 0x10FFFF || surrogate ? REPLACEMENT : code;
}

void
utf16_from_utf8(int16_t* const text, const size_t size, const char* const utf8)
{
  const unsigned char* from = (const unsigned char*)utf8;
  size_t               n    = 0;
  while (*from) {
    const uint32_t code = next_of_utf8(&from);
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
    return REPLACEMENT;
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
