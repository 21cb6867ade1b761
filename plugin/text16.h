/* SPDX-License-Identifier: GPL-3.0-or-later

   ASCII to and from the host's 16-bit text. */

#ifndef REQUINTO_TEXT16_H
#define REQUINTO_TEXT16_H

#include <stddef.h>
#include <stdint.h>

/// Write a short text, cut to `n_places` with its end
static inline void
text16_from(int16_t* const text, const size_t n_places, const char* const ascii)
{
  size_t i = 0;
  for (; ascii[i] && i + 1 < n_places; ++i) {
    text[i] = (int16_t)ascii[i];
  }
  text[i] = 0;
}

/// Read a text, cut to `n_places` with its end; what is not ASCII becomes `?`
static inline void
text16_to(char* const ascii, const size_t n_places, const int16_t* const text)
{
  size_t i = 0;
  for (; text[i] && i + 1 < n_places; ++i) {
    ascii[i] = (char)(text[i] > 0 && text[i] < 128 ? text[i] : '?');
  }
  ascii[i] = '\0';
}

#endif
