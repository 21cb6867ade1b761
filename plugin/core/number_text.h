/* SPDX-License-Identifier: GPL-3.0-or-later

   Numbers as text, whatever the host's locale says of decimal points. */

#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Write a number below a billion with `n_decimals` (0 to 6) after the point
void
number_to_text(double number, unsigned n_decimals, char* text, size_t size);

/// Read a decimal number at the head of `text`; return false if there is none
bool
number_from_text(const char* text, double* number);
