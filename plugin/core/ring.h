/* SPDX-License-Identifier: GPL-3.0-or-later

   A lock-free queue of equal elements for one writer and one reader. */

#pragma once

#include "os/attributes.h"

#include <stdint.h>

/// Elements are frames of sound or messages; the ring does not look inside
typedef struct RingImpl Ring;

/**
   Return an empty ring with room for `capacity` elements, or NULL.

   Neither realtime-safe nor thread-safe.
*/
Ring*
ring_new(uint32_t capacity, uint32_t element_size);

/// Free a ring that no thread uses any more; `ring` may be NULL
void
ring_free(Ring* ring);

/// Return how many elements can be written.  Writer thread only.
uint32_t
ring_room(const Ring* ring) REALTIME;

/// Write up to `n` elements and return how many; NULL stands for zero bytes.  Writer
/// thread only.
uint32_t
ring_write(Ring* ring, const void* elements, uint32_t n) REALTIME;

/// Return how many elements can be read.  Reader thread only.
uint32_t
ring_ready(const Ring* ring) REALTIME;

/// Copy up to `n` elements, leave them there, return how many.  Reader thread only.
uint32_t
ring_peek(const Ring* ring, void* elements, uint32_t n) REALTIME;

/// Read up to `n` elements and return how many.  Reader thread only.
uint32_t
ring_read(Ring* ring, void* elements, uint32_t n) REALTIME;

/// Drop up to `n` elements and return how many.  Reader thread only.
uint32_t
ring_skip(Ring* ring, uint32_t n) REALTIME;
