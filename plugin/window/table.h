/* SPDX-License-Identifier: GPL-3.0-or-later

   The one function that the library of windows shows.  Where windows are linked in, it
   is a function like any other. */

#pragma once

#include "os/attributes.h"

#include <stddef.h>
#include <stdint.h>

/// Shown by the library; where windows are linked in, there is none
#if defined(_WIN32) || defined(__APPLE__)
#  define WINDOW_EXPORT
#else
#  define WINDOW_EXPORT EXPORT
#endif

enum { WINDOW_VERSION = 1 }; ///< To be raised with any change of `window.h`

/// Return the `WindowTable`, or NULL if it is of another version or size.  Untyped,
/// because `window.c` does not know what is behind `window.h`.
WINDOW_EXPORT const void*
requinto_window(uint32_t version, size_t size);
