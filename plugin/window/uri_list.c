/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "window/uri_list.h"

#include <stdint.h>
#include <string.h>

/// Return the value of a hexadecimal digit, or -1
static int
digit_value(const char c)
{
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Write text with its %xx replaced; return false if it holds a zero, or is too long
static bool
decode(const char* const text, const size_t length, char* const path, const size_t size)
{
  size_t n = 0;
  for (size_t i = 0; i < length; ++i) {
    char c = text[i];
    if (c == '%' && i + 2 < length) {
      const int high = digit_value(text[i + 1]);
      const int low  = digit_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        c = (char)(uint8_t)(high * 16 + low);
        i += 2;
      }
    }
    if (!c || n + 1 >= size) {
      return false;
    }
    path[n++] = c;
  }
  path[n] = '\0';
  return n > 0;
}

/// Write the path of one line, which may be a comment, or no file
static bool
line_path(const char* line, size_t length, char* const path, const size_t size)
{
  static const char scheme[] = "file:";

  const size_t n_scheme = sizeof(scheme) - 1;
  if (length <= n_scheme || strncmp(line, scheme, n_scheme) != 0) {
    return false;
  }
  line += n_scheme;
  length -= n_scheme;
  if (length >= 2 && line[0] == '/' && line[1] == '/') {
    // The host, of which sources write none, "localhost", or this machine's name
    const char* const slash = (const char*)memchr(line + 2, '/', length - 2);
    if (!slash) {
      return false;
    }
    length -= (size_t)(slash - line);
    line = slash;
  }
  return line[0] == '/' && decode(line, length, path, size);
}

bool
uri_list_first_path(const char* const list,
                    const size_t      length,
                    char* const       path,
                    const size_t      size)
{
  size_t begin = 0;
  while (begin < length) {
    size_t end = begin;
    while (end < length && list[end] != '\r' && list[end] != '\n' && list[end]) {
      ++end;
    }
    if (line_path(list + begin, end - begin, path, size)) {
      return true;
    }
    begin = end + 1;
  }
  return false;
}
