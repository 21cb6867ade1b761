/* SPDX-License-Identifier: GPL-3.0-or-later

   Settings as text that later versions can still read, and the sounds they need. */

#pragma once

#include "core/params.h"
#include "core/references.h"

enum { STATE_MAX_TEXT = 4096 }; ///< Bytes; no settings that we write are longer

/// Memory to be freed with `free`
typedef struct {
  unsigned char* bytes; ///< NULL if there is none
  size_t         n_bytes;
} StateBytes;

/**
   Return the plain values, one `key=value` a line, with the sounds of the target
   and of what was learnt.

   Lists are written by name, so that they may grow.  Not the audio thread.

   @param target The row of the target, with all its names.
*/
StateBytes
state_write(const double     values[N_PARAMS],
            const ParamInfo* target,
            References*      references);

/**
   Read up to `n_bytes` of a host's stream.

   Returns how many came, 0 at its end, or less if it failed.
*/
typedef int64_t (*StateReadFunc)(void* stream, void* bytes, uint32_t n_bytes);

/**
   Return all that a stream holds, as far as we could have written it.

   Nothing if it failed, or there is no room.  Not the audio thread.
*/
StateBytes
state_read_stream(StateReadFunc read, void* stream);

/**
   Keep the sounds that a state brings, so that its target is one of the list.

   Returns false, and does nothing, if the bytes are not a state.  Not the audio
   thread.
*/
bool
state_read_sounds(const void* bytes, size_t n_bytes, References* references);

/**
   Read the values that `state_write` wrote, and return false if there are none.

   Values that are missing, unknown or cut off become the defaults, except
   those that are not saved, which are left alone.  Any thread.

   @param target The row of the target, with all its names.
*/
bool
state_read(const void*      bytes,
           size_t           n_bytes,
           const ParamInfo* target,
           double           values[N_PARAMS]);
