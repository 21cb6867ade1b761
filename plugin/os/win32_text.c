/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "os/win32_text.h"

#include <windows.h>

bool
win32_to_wide(const char* const text, wchar_t wide[WIN32_MAX_PATH])
{
  return MultiByteToWideChar(
           CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, WIN32_MAX_PATH) > 0;
}

bool
win32_from_wide(const wchar_t* const wide, char* const text, const size_t size)
{
  return WideCharToMultiByte(
           CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, text, (int)size, NULL, NULL) > 0;
}
