/* SPDX-License-Identifier: GPL-3.0-or-later

   Read characters of text that may not be UTF-8. */

#pragma once

#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xFFFD }; ///< Stands for what is not a character

/// Return the character that begins at `*text`, and move past it; `**text` is not 0.
/// Bytes that are not UTF-8 become replacement characters.
uint32_t
utf8_next(const char** text);
