/* SPDX-License-Identifier: GPL-3.0-or-later

   UTF-8 to and from the host's UTF-16. */

#ifndef REQUINTO_TEXT16_H
#define REQUINTO_TEXT16_H

#include <stddef.h>
#include <stdint.h>

/// Write a text, cut between characters to `n_places` with its end
void
text16_from(int16_t* text, size_t n_places, const char* utf8);

/// Read a text, cut between characters to `n_bytes` with its end
void
text16_to(char* utf8, size_t n_bytes, const int16_t* text);

#endif
