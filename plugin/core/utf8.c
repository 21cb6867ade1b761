/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/utf8.h"

#include <stdbool.h>

/* RFC 3629 */

uint32_t
utf8_next(const char** const text)
{
  static const uint32_t lowest[] = {0, 0x80, 0x800, 0x10000};

  const unsigned char first  = (unsigned char)*(*text)++;
  const unsigned      n_more = first < 0x80                    ? 0U
                               : first >= 0xC0 && first < 0xE0 ? 1U
                               : first >= 0xE0 && first < 0xF0 ? 2U
                               : first >= 0xF0 && first < 0xF8 ? 3U
                                                               : 4U;
  if (n_more > 3) {
    return UTF8_REPLACEMENT;
  }
  uint32_t code = n_more ? first & (0x3FU >> n_more) : first;
  for (unsigned i = 0; i < n_more; ++i) {
    const unsigned char next = (unsigned char)**text;
    if ((next & 0xC0U) != 0x80U) {
      return UTF8_REPLACEMENT;
    }
    code = code << 6U | (next & 0x3FU);
    ++*text;
  }
  const bool is_surrogate = code >= 0xD800 && code < 0xE000;
  return code < lowest[n_more] || code > 0x10FFFF || is_surrogate ? UTF8_REPLACEMENT
                                                                  : code;
}
