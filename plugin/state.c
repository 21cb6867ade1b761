/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "state.h"

#include "numbers.h"

#include <stdio.h>
#include <string.h>

static const char* const header = "requinto 1\n";

enum { MAX_LINE = 128, N_DECIMALS = 6 };

size_t
state_write(const double values[N_PARAMS], char text[STATE_MAX_BYTES])
{
  size_t n = (size_t)snprintf(text, STATE_MAX_BYTES, "%s", header);
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info = params_info((ParamIndex)i);
    if (info->read_only) {
      continue;
    }

    char value[MAX_LINE];
    if (info->labels) {
      params_to_text(info, values[i], value, sizeof(value));
    } else {
      number_to_text(params_clamp(info, values[i]), N_DECIMALS, value, sizeof(value));
    }
    n += (size_t)snprintf(text + n, STATE_MAX_BYTES - n, "%s=%s\n", info->key, value);
  }
  return n;
}

/// Take one `key=value` line, if we know the key and the value makes sense
static void
read_line(const char* const line, double values[N_PARAMS])
{
  const char* const equals = strchr(line, '=');
  for (unsigned i = 0; equals && i < N_PARAMS; ++i) {
    const ParamInfo* const info  = params_info((ParamIndex)i);
    const size_t           n_key = strlen(info->key);
    if (!info->read_only && n_key == (size_t)(equals - line) &&
        !memcmp(line, info->key, n_key)) {
      (void)params_from_text(info, equals + 1, &values[i]);
    }
  }
}

bool
state_read(const char* const text, const size_t n_bytes, double values[N_PARAMS])
{
  const size_t n_header = strlen(header);
  if (n_bytes < n_header || memcmp(text, header, n_header) != 0) {
    return false;
  }

  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info = params_info((ParamIndex)i);
    values[i]                   = info->read_only ? values[i] : info->usual;
  }

  // A line without its end was cut off, and half a number is another number
  const char*       line = text + n_header;
  const char* const end  = text + n_bytes;
  while (line < end) {
    const char* const stop = (const char*)memchr(line, '\n', (size_t)(end - line));
    if (!stop) {
      break;
    }
    char copy[MAX_LINE] = {0};
    if ((size_t)(stop - line) < sizeof(copy)) {
      memcpy(copy, line, (size_t)(stop - line));
      read_line(copy, values);
    }
    line = stop + 1;
  }
  return true;
}
