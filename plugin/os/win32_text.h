/* SPDX-License-Identifier: GPL-3.0-or-later

   Text between us, who write UTF-8, and Windows, which writes UTF-16. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

enum { WIN32_MAX_PATH = 4096 }; ///< Code units of a path, with its end

/// Write UTF-16; return false if the text is not UTF-8, or too long
bool
win32_to_wide(const char* text, wchar_t wide[WIN32_MAX_PATH]);

/// Write UTF-8; return false if the text is not UTF-16, or too long
bool
win32_from_wide(const wchar_t* wide, char* text, size_t size);
