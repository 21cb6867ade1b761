/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "core/ring.h"
#include "os/os.h"

#include <stdatomic.h>
#include <stdint.h>

enum { N_SENT = 1 << 20 };

static void
test_holds_what_was_written(void)
{
  for (uint32_t capacity = 1; capacity < 40; ++capacity) {
    Ring* const ring = ring_new(capacity, sizeof(uint32_t));
    CHECK(ring && ring_ready(ring) == 0 && ring_room(ring) >= capacity);

    uint32_t written = 0;
    uint32_t read    = 0;
    unsigned seed    = capacity;
    for (int turn = 0; turn < 1000; ++turn) {
      uint32_t       values[64];
      const uint32_t n = draw(&seed) % 64;
      for (uint32_t i = 0; i < n; ++i) {
        values[i] = written + i;
      }
      const uint32_t room  = ring_room(ring);
      const uint32_t n_now = ring_write(ring, values, n);
      CHECK(n_now == (n < room ? n : room));
      written += n_now;
      CHECK(ring_ready(ring) == written - read);

      const uint32_t n_wanted = draw(&seed) % 64;
      const uint32_t n_seen   = ring_peek(ring, values, n_wanted);
      CHECK(ring_read(ring, values, n_wanted) == n_seen);
      for (uint32_t i = 0; i < n_seen; ++i) {
        CHECK(values[i] == read + i);
      }
      read += n_seen;
      const uint32_t n_skipped = ring_skip(ring, draw(&seed) % 3);
      read += n_skipped;
    }
    ring_free(ring);
  }
}

static void
test_writes_zeros(void)
{
  Ring* const ring     = ring_new(8, 2 * sizeof(float));
  const float ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  float       got[16]  = {0};
  CHECK(ring_write(ring, ones, 8) == 8 && ring_skip(ring, 6) == 6);
  CHECK(ring_write(ring, NULL, 100) == 6); // around the end
  CHECK(ring_read(ring, got, 8) == 8);
  for (int i = 0; i < 16; ++i) {
    CHECK((got[i] > 0.5F) == (i < 4));
  }
  ring_free(ring);
}

static _Atomic uint32_t n_failures;
static _Atomic uint32_t n_received;

static void
receive(void* const argument)
{
  Ring* const ring = (Ring*)argument;
  uint32_t    next = 0;
  while (next < N_SENT) {
    uint32_t       values[100];
    const uint32_t n = ring_read(ring, values, 100);
    for (uint32_t i = 0; i < n; ++i, ++next) {
      atomic_fetch_add(&n_failures, values[i] != next);
    }
  }
  atomic_store(&n_received, next);
}

static void
test_two_threads(void)
{
  Ring* const     ring     = ring_new(1000, sizeof(uint32_t));
  OsThread* const receiver = os_thread_start(receive, ring);
  CHECK(receiver);
  unsigned seed = 7;
  for (uint32_t n_sent = 0; n_sent < N_SENT;) {
    uint32_t       values[300];
    const uint32_t max_n  = 1 + draw(&seed) % 300;
    const uint32_t n_left = N_SENT - n_sent;
    const uint32_t n      = max_n < n_left ? max_n : n_left;
    for (uint32_t i = 0; i < n; ++i) {
      values[i] = n_sent + i;
    }
    n_sent += ring_write(ring, values, n);
  }
  for (int i = 0; i < 10000 && atomic_load(&n_received) < N_SENT; ++i) {
    os_sleep_ms(1);
  }
  CHECK(atomic_load(&n_received) == N_SENT && !atomic_load(&n_failures));
  CHECK(os_thread_join(receiver, 20000));
  ring_free(ring);
}

int
main(void)
{
  test_holds_what_was_written();
  test_writes_zeros();
  test_two_threads();
  return 0;
}
