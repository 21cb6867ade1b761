/* SPDX-License-Identifier: GPL-3.0-or-later

   UTF-8 to and from the host's UTF-16. */

#pragma once

#include <stddef.h>
#include <stdint.h>

/// Write a text, cut between characters to `size` units with its end
void
utf16_from_utf8(int16_t* text, size_t size, const char* utf8);

/// Read a text, cut between characters to `n_bytes` with its end
void
utf16_to_utf8(char* utf8, size_t n_bytes, const int16_t* text);
