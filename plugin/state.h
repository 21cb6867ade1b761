/* SPDX-License-Identifier: GPL-3.0-or-later

   Settings as text that later versions can still read. */

#ifndef REQUINTO_STATE_H
#define REQUINTO_STATE_H

#include "params.h"

enum { STATE_MAX_BYTES = 4096 }; ///< No state that we write is longer

/**
   Write the plain values, one `key=value` a line, and return the length.

   Lists are written by name, so that they may grow.  Any thread.
*/
size_t
state_write(const double values[N_PARAMS], char text[STATE_MAX_BYTES]);

/**
   Read what `state_write` wrote, and return false if this is not such a text.

   Values that are missing, unknown or cut off become the usual ones, except
   those that are read-only, which are left alone.  Any thread.
*/
bool
state_read(const char* text, size_t n_bytes, double values[N_PARAMS]);

#endif
