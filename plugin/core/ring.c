/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/ring.h"

#include "core/integer.h"
#include "os/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
  The rule that every function here obeys: load the other side's count once
  (acquire), work, store your own count once (release).

  Counts run freely and wrap at 2^32; the size is a power of two, so that their
  difference is the number of elements held, and their low bits the index.
*/

struct RingImpl {
  uint32_t         size;         ///< Elements there is room for, a power of two
  uint32_t         element_size; ///< Bytes
  unsigned char*   bytes;        ///< `size` elements
  _Atomic uint32_t n_written;    ///< Stored by the writer
  _Atomic uint32_t n_read;       ///< Stored by the reader
};

Ring*
ring_new(const uint32_t capacity, const uint32_t element_size)
{
  uint32_t size = 1;
  while (size < capacity && size < (1U << 30U)) {
    size *= 2;
  }

  Ring* const          ring  = (Ring*)calloc(1, sizeof(Ring));
  unsigned char* const bytes = (unsigned char*)memory_new_resident(size, element_size);
  if (!ring || !bytes || size < capacity) {
    free(bytes);
    free(ring);
    return NULL;
  }

  ring->size         = size;
  ring->element_size = element_size;
  ring->bytes        = bytes;
  return ring;
}

void
ring_free(Ring* const ring)
{
  if (ring) {
    free(ring->bytes);
    free(ring);
  }
}

/// Copy `n` elements into the ring from `count` on; NULL stands for zeros
static void
copy_in(Ring* const ring, const uint32_t count, const void* const from, uint32_t n)
{
  const size_t   size    = ring->element_size;
  const uint32_t start   = count & (ring->size - 1);
  const uint32_t n_first = min_u32(n, ring->size - start);
  if (from) {
    const unsigned char* const bytes = (const unsigned char*)from;
    memcpy(ring->bytes + start * size, bytes, n_first * size);
    memcpy(ring->bytes, bytes + n_first * size, (n - n_first) * size);
  } else {
    memset(ring->bytes + start * size, 0, n_first * size);
    memset(ring->bytes, 0, (n - n_first) * size);
  }
}

uint32_t
ring_room(const Ring* const ring)
{
  const uint32_t n_read = atomic_load_explicit(&ring->n_read, memory_order_acquire);
  return ring->size -
         (atomic_load_explicit(&ring->n_written, memory_order_relaxed) - n_read);
}

uint32_t
ring_write(Ring* const ring, const void* const elements, const uint32_t n_wanted)
{
  const uint32_t n = min_u32(n_wanted, ring_room(ring));
  const uint32_t n_written =
    atomic_load_explicit(&ring->n_written, memory_order_relaxed);
  copy_in(ring, n_written, elements, n);
  atomic_store_explicit(&ring->n_written, n_written + n, memory_order_release);
  return n;
}

uint32_t
ring_ready(const Ring* const ring)
{
  const uint32_t n_written =
    atomic_load_explicit(&ring->n_written, memory_order_acquire);
  return n_written - atomic_load_explicit(&ring->n_read, memory_order_relaxed);
}

uint32_t
ring_peek(const Ring* const ring, void* const elements, const uint32_t n_wanted)
{
  const uint32_t n_read  = atomic_load_explicit(&ring->n_read, memory_order_relaxed);
  const uint32_t n       = min_u32(n_wanted, ring_ready(ring));
  const size_t   size    = ring->element_size;
  const uint32_t start   = n_read & (ring->size - 1);
  const uint32_t n_first = min_u32(n, ring->size - start);

  memcpy(elements, ring->bytes + start * size, n_first * size);
  memcpy((unsigned char*)elements + n_first * size, ring->bytes, (n - n_first) * size);
  return n;
}

uint32_t
ring_read(Ring* const ring, void* const elements, const uint32_t n_wanted)
{
  return ring_skip(ring, ring_peek(ring, elements, n_wanted));
}

uint32_t
ring_skip(Ring* const ring, const uint32_t n_wanted)
{
  const uint32_t n      = min_u32(n_wanted, ring_ready(ring));
  const uint32_t n_read = atomic_load_explicit(&ring->n_read, memory_order_relaxed);
  atomic_store_explicit(&ring->n_read, n_read + n, memory_order_release);
  return n;
}
