/* SPDX-License-Identifier: GPL-3.0-or-later

   What a worker writes for a window comes out in order, and of one stream. */

#include "check.h"

#include "core/scope.h"
#include "os/os.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

static void
write_columns(Scope* const scope, const uint64_t first, const uint32_t n)
{
  for (uint32_t i = 0; i < n; ++i) {
    const Column column = {.frame = first + i, .n_frames = 1};
    scope_write(scope, &column, 1);
  }
}

/// Read what there is, in parts; return how many, and check that frames go on
static uint32_t
read_columns(Scope* const scope, const uint64_t first)
{
  Column   columns[7];
  uint32_t n_read = 0;
  uint32_t n      = 0;
  while ((n = scope_read(scope, columns, 7))) {
    for (uint32_t i = 0; i < n; ++i) {
      CHECK(columns[i].frame == first + n_read + i);
    }
    n_read += n;
  }
  return n_read;
}

static void
test_columns_come_in_order(void)
{
  Scope* const scope = scope_new();
  write_columns(scope, 0, 5); // nobody has opened it
  CHECK(!scope_is_open(scope) && !read_columns(scope, 0));
  CHECK(scope_open(scope) && scope_is_open(scope));
  CHECK(!scope_open(scope) && scope_is_open(scope)); // another window
  CHECK(!read_columns(scope, 0));
  uint64_t frame = 0;
  for (uint32_t n = 0; n < 300; n = 2 * n + 1, frame += n) {
    write_columns(scope, frame, n);
    CHECK(read_columns(scope, frame) == n);
    write_columns(scope, frame + n, 1); // and one by one
    CHECK(read_columns(scope, frame + n) == 1);
  }
  scope_leave(scope);
}

/// A window that does not read loses what is new, and goes on after it
static void
test_there_is_room_for_so_many(void)
{
  Scope* const scope = scope_new();
  CHECK(scope_open(scope));
  write_columns(scope, 0, SCOPE_MAX_COLUMNS + 100);
  CHECK(read_columns(scope, 0) == SCOPE_MAX_COLUMNS);
  write_columns(scope, 9000, 10);
  CHECK(read_columns(scope, 9000) == 10);

  // Also of the streams before
  write_columns(scope, 0, SCOPE_MAX_COLUMNS + 100);
  scope_begin(scope, 48000.0, 7);
  write_columns(scope, 0, 10); // no room yet
  CHECK(!read_columns(scope, 0));
  write_columns(scope, 10, 10);
  CHECK(read_columns(scope, 10) == 10);
  scope_leave(scope);
}

static void
test_no_column_is_of_a_stream_before(void)
{
  Scope* const scope = scope_new();
  CHECK(scope_open(scope));
  for (uint32_t k = 1; k < 5; ++k) {
    scope_begin(scope, 48000.0, k);
    CHECK(scope_clock(scope).stream == k && scope_clock(scope).latency_frames == k);
    write_columns(scope, 0, 3 * k);
    CHECK(read_columns(scope, 0) == 3 * k);
    write_columns(scope, 3 * k, 20);
  }
  scope_begin(scope, 48000.0, 5);
  scope_begin(scope, 48000.0, 6);
  CHECK(!read_columns(scope, 0));
  write_columns(scope, 0, 2);
  CHECK(read_columns(scope, 0) == 2);
  scope_leave(scope);
}

static void
test_a_window_begins_empty(void)
{
  Scope* const scope = scope_new();
  CHECK(scope_open(scope));
  scope_begin(scope, 48000.0, 5);
  write_columns(scope, 0, 40);
  scope_close(scope);
  CHECK(!scope_is_open(scope));
  write_columns(scope, 40, 3); // the worker has not seen that yet
  CHECK(scope_open(scope));
  CHECK(!read_columns(scope, 0));
  write_columns(scope, 100, 3);
  CHECK(read_columns(scope, 100) == 3);
  scope_leave(scope);
}

static void
test_the_clock(void)
{
  Scope* const     scope = scope_new();
  const ScopeClock none  = scope_clock(scope);
  CHECK(!none.stream && !none.n_received && !none.is_playing);
  scope_begin(scope, 96000.0, 123);
  scope_advance(scope, 1ULL << 40U, true);
  ScopeClock clock = scope_clock(scope);
  CHECK(clock.stream == 1 && fabs(clock.sample_rate - 96000.0) < 1e-9);
  CHECK(clock.latency_frames == 123 && clock.n_received == 1ULL << 40U);
  CHECK(clock.is_playing);
  scope_begin(scope, 8000.0, 5);
  clock = scope_clock(scope);
  CHECK(clock.stream == 2 && !clock.n_received && !clock.is_playing);
  scope_leave(scope);
}

static void
test_the_reference(void)
{
  Scope* const     scope   = scope_new();
  ReferenceSummary summary = {.duration_s = 9.0};
  CHECK(!scope_reference(scope, &summary) && summary.duration_s > 8.0);
  uint32_t last = 0;
  for (int k = 1; k < 5; ++k) {
    const ReferenceSummary given = {.duration_s = k, .peaks = {[127] = 200}};
    scope_set_reference(scope, &given);
    const uint32_t number = scope_reference(scope, &summary);
    CHECK(number && number != last);
    CHECK(scope_reference(scope, &summary) == number);
    CHECK(fabs(summary.duration_s - k) < 1e-9 && summary.peaks[127] == 200);
    scope_set_reference(scope, NULL);
    CHECK(!scope_reference(scope, &summary));
    last = number;
  }
  scope_leave(scope);
}

static void
test_the_problem(void)
{
  char         text[SCOPE_MAX_PROBLEM];
  Scope* const scope = scope_new();
  scope_problem(scope, text);
  CHECK(!text[0]);
  scope_set_problem(scope, "añadido");
  scope_problem(scope, text);
  CHECK(!strcmp(text, "añadido"));

  char longer[SCOPE_MAX_PROBLEM + 50];
  memset(longer, 'x', sizeof(longer));
  longer[sizeof(longer) - 1] = '\0';
  scope_set_problem(scope, longer);
  scope_problem(scope, text);
  CHECK(strlen(text) == SCOPE_MAX_PROBLEM - 1);

  scope_begin(scope, 8000.0, 5);
  scope_problem(scope, text);
  CHECK(!text[0]);
  scope_leave(scope);
}

enum { N_STREAMS = 40, N_COLUMNS = 500 };

static atomic_bool has_written;

/// Write streams whose rate, latency and columns all name their number
static void
write_streams(void* const argument)
{
  Scope* const scope = (Scope*)argument;
  for (uint32_t k = 1; k <= N_STREAMS; ++k) {
    scope_begin(scope, k, k);
    for (uint32_t i = 0; i < N_COLUMNS; ++i) {
      const Column column = {.frame = i, .n_frames = k};
      scope_write(scope, &column, 1);
      scope_advance(scope, i, true);
      scope_set_reference(scope, &(ReferenceSummary){.duration_s = k});
    }
    os_sleep_ms(1);
  }
  atomic_store(&has_written, true);
  scope_leave(scope);
}

/// Another thread sees each stream whole, or not at all
static void
test_threads(void)
{
  Scope* const scope = scope_new();
  CHECK(scope_open(scope));
  OsThread* const thread = os_thread_start(write_streams, scope_share(scope));
  CHECK(thread);
  Column   last   = {0};
  uint32_t n_read = 0;
  for (bool ends = false; !ends;) {
    ends                   = atomic_load(&has_written);
    const ScopeClock clock = scope_clock(scope);
    CHECK(fabs(clock.sample_rate - clock.stream) < 1e-9);
    CHECK(clock.latency_frames == clock.stream);
    Column column;
    while (scope_read(scope, &column, 1)) {
      CHECK(column.n_frames >= clock.stream);
      CHECK(column.n_frames > last.n_frames || column.frame > last.frame);
      last = column;
      ++n_read;
    }
    ReferenceSummary summary = {0};
    CHECK(!scope_reference(scope, &summary) ||
          summary.duration_s + 1.0 >= clock.stream);
  }
  CHECK(os_thread_join(thread, 5000));
  CHECK(n_read <= N_STREAMS * N_COLUMNS);
  CHECK(scope_clock(scope).stream == N_STREAMS);
  CHECK(scope_clock(scope).n_received == N_COLUMNS - 1);
  write_columns(scope, N_COLUMNS, 1); // also where the ring was full
  CHECK(read_columns(scope, N_COLUMNS) == 1);
  scope_leave(scope);
}

int
main(void)
{
  test_columns_come_in_order();
  test_there_is_room_for_so_many();
  test_no_column_is_of_a_stream_before();
  test_a_window_begins_empty();
  test_the_clock();
  test_the_reference();
  test_the_problem();
  test_threads();
  return 0;
}
