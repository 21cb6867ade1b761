/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/number_text.h"

#include <math.h>
#include <stdio.h>

enum { MAX_DECIMALS = 6, MAX_DIGITS = 15 };

static const double LARGEST = 1e9;

void
number_to_text(const double   number,
               const unsigned n_decimals,
               char* const    text,
               const size_t   size)
{
  const unsigned n       = n_decimals < MAX_DECIMALS ? n_decimals : MAX_DECIMALS;
  const double   bounded = isnan(number) ? 0.0 : fmax(-LARGEST, fmin(LARGEST, number));
  long long      scale   = 1;
  for (unsigned i = 0; i < n; ++i) {
    scale *= 10;
  }

  const long long   scaled = llround(bounded * (double)scale);
  const long long   whole  = (scaled < 0 ? -scaled : scaled) / scale;
  const long long   rest   = (scaled < 0 ? -scaled : scaled) % scale;
  const char* const sign   = scaled < 0 ? "-" : "";
  if (n) {
    snprintf(text, size, "%s%lld.%0*lld", sign, whole, (int)n, rest);
  } else {
    snprintf(text, size, "%s%lld", sign, whole);
  }
}

static bool
is_digit(const char c)
{
  return c >= '0' && c <= '9';
}

bool
number_from_text(const char* text, double* const number)
{
  while (*text == ' ' || *text == '\t') {
    ++text;
  }
  const bool negative = *text == '-';
  text += (*text == '-' || *text == '+');

  double   value    = 0.0;
  double   divisor  = 1.0;
  unsigned n_digits = 0;
  for (; is_digit(*text) && n_digits < MAX_DIGITS; ++text, ++n_digits) {
    value = value * 10.0 + (*text - '0');
  }
  if (*text == '.' || *text == ',') {
    for (++text; is_digit(*text) && n_digits < MAX_DIGITS; ++text, ++n_digits) {
      value = value * 10.0 + (*text - '0');
      divisor *= 10.0;
    }
  }
  if (!n_digits) {
    return false;
  }
  *number = (negative ? -value : value) / divisor;
  return true;
}
