/* SPDX-License-Identifier: GPL-3.0-or-later

   What the worker does for a window, and that it does nothing without one. */

#include "check.h"

#include "harness.h"

#include <math.h>
#include <string.h>

/// Columns that a window has read
typedef struct {
  uint32_t n;
  uint64_t first; ///< Frame of the first
  uint64_t end;   ///< Frame after the last
} Shown;

/// Read all that is there; frames must go on without a gap
static void
read_all(Scope* const scope, Shown* const shown)
{
  Column column;
  while (scope_read(scope, &column, 1)) {
    CHECK(!shown->n || column.frame == shown->end);
    shown->first = shown->n ? shown->first : column.frame;
    shown->end   = column.frame + column.n_frames;
    ++shown->n;
  }
}

static uint32_t n_sent; ///< Frames, to the session that is served

/// Return a worker that serves an engine, without faults
static Harness
start(void)
{
  reset_script();
  n_sent = 0;
  return begin();
}

/// Play blocks of a value, and wait until the worker has shown what they bring
static void
play(const Harness harness, const int n_blocks, const float value)
{
  const Session* const session = engine_session(harness.engine);
  (void)run(harness.engine, n_blocks, value);
  n_sent += (uint32_t)n_blocks * BLOCK;
  for (int i = 0; i < 5000 && !status_is_final(session_status(session)) &&
                  scope_clock(harness.scope).n_received + session->quantum <= n_sent;
       ++i) {
    os_sleep_ms(1);
  }
}

/// Give the target `Learned` a sound
static void
keep(const Harness harness, const char* const sound)
{
  CHECK(references_keep(engine_session(harness.engine)->references,
                        REFERENCES_LEARNED,
                        (const unsigned char*)sound,
                        (uint32_t)strlen(sound)));
}

static void
check_problem(const Harness harness, const char* const expected)
{
  char text[SCOPE_MAX_PROBLEM];
  scope_problem(harness.scope, text);
  CHECK(!strcmp(text, expected));
}

static void
test_without_a_window_nothing_is_done(void)
{
  const Harness harness = start();
  keep(harness, "a sound");
  choose(references_learned_index(), 0);
  play(harness, 100, 0.0F);
  CHECK(!atomic_load(&script.n_loads));
  play(harness, 100, 0.5F);
  choose(1, 0);
  play(harness, 100, 0.5F);
  CHECK(!atomic_load(&script.n_watched) && !atomic_load(&script.n_unwatched));
  CHECK(!atomic_load(&script.n_summaries));

  // The clock costs nothing, so that a window is right from the start
  const ScopeClock clock = scope_clock(harness.scope);
  CHECK(clock.stream == 1 && fabs(clock.sample_rate - RATE) < 1e-9);
  CHECK(clock.latency_frames == engine_latency(RATE, CLIP_4_BEATS));
  CHECK(clock.n_received > 290 * BLOCK && clock.n_received <= 300 * BLOCK);
  CHECK(!clock.is_playing);
  end(harness);
}

static void
test_columns_come_while_a_window_is_open(void)
{
  const Harness harness = start();
  play(harness, 40, 0.5F);
  CHECK(scope_open(harness.scope));
  Shown shown = {0};
  for (int k = 0; k < 60; ++k) {
    play(harness, 1 + k % 3, 0.5F);
    read_all(harness.scope, &shown);
  }
  // In batches, all that there are
  play(harness, 100, 0.5F);
  read_all(harness.scope, &shown);
  CHECK(atomic_load(&script.n_watched) == 1 && !atomic_load(&script.n_unwatched));
  CHECK(shown.n == atomic_load(&script.n_columns) && shown.n > 64);
  CHECK(shown.first > 30 * BLOCK && shown.end + COLUMN > atomic_load(&script.n_frames));

  scope_close(harness.scope);
  play(harness, 100, 0.5F);
  CHECK(atomic_load(&script.n_unwatched) == 1 &&
        shown.n == atomic_load(&script.n_columns));

  CHECK(scope_open(harness.scope));
  shown = (Shown){0};
  play(harness, 60, 0.5F);
  read_all(harness.scope, &shown);
  CHECK(shown.n && shown.first > 290 * BLOCK);
  CHECK(atomic_load(&script.n_watched) == 2 && atomic_load(&script.n_unwatched) == 1);
  end(harness);
}

static void
test_the_clock_follows_the_host(void)
{
  const Harness harness   = start();
  Transport     transport = {.is_playing = true, .quarter = 8.0, .tempo_bpm = 120.0};
  controls.transport      = &transport;
  for (int k = 0; k < 60; ++k, transport.quarter += 2.0 * BLOCK / RATE) {
    play(harness, 1, 0.5F);
  }
  CHECK(scope_clock(harness.scope).is_playing);
  transport.is_playing = false;
  play(harness, 60, 0.5F);
  CHECK(!scope_clock(harness.scope).is_playing);
  end(harness);
}

/// Sessions after each other are streams of their own, for one window
static void
test_each_session_is_a_stream(void)
{
  reset_script();
  Worker* const worker = worker_new(fake_load);
  Scope* const  scope  = scope_new();
  CHECK(scope_open(scope));
  for (uint32_t k = 1; k <= 5; ++k) {
    const Harness harness = {worker, new_shown_engine(scope), scope};
    n_sent                = 0;
    CHECK(worker_serve(worker, engine_session(harness.engine)));
    play(harness, 40, 0.5F);
    CHECK(scope_clock(scope).stream == k && scope_clock(scope).n_received > 30 * BLOCK);
    Shown shown = {0};
    if (k % 2) { // else they are still there when the next one begins
      read_all(scope, &shown);
      CHECK(shown.n && shown.end <= 40 * BLOCK);
    }
    CHECK(worker_serve(worker, NULL));
    engine_free(harness.engine);
  }
  CHECK(worker_free(worker, &patient));
  scope_leave(scope);
}

static double
duration_shown(const Harness harness)
{
  ReferenceSummary summary = {0};
  return scope_reference(harness.scope, &summary) ? summary.duration_s : 0.0;
}

static void
test_a_reference_is_summarised_once_a_change(void)
{
  const Harness harness = start();
  choose(references_learned_index(), 0);
  CHECK(scope_open(harness.scope));
  play(harness, 60, 0.5F); // it has no sound
  CHECK(!atomic_load(&script.n_summaries) && duration_shown(harness) < 0.5);

  keep(harness, "a sound");
  play(harness, 100, 0.5F);
  CHECK(atomic_load(&script.n_summaries) == 1);
  CHECK(fabs(duration_shown(harness) - 1.0) < 1e-9);

  keep(harness, "another");
  play(harness, 100, 0.5F);
  CHECK(atomic_load(&script.n_summaries) == 2);

  choose(1, 0); // built in: it has none
  play(harness, 60, 0.5F);
  CHECK(atomic_load(&script.n_summaries) == 2 && duration_shown(harness) < 0.5);

  scope_close(harness.scope);
  choose(references_learned_index(), 0);
  play(harness, 60, 0.5F);
  CHECK(atomic_load(&script.n_summaries) == 2);
  CHECK(scope_open(harness.scope)); // what it shows is not the target's
  play(harness, 60, 0.5F);
  CHECK(atomic_load(&script.n_summaries) == 3);
  CHECK(fabs(duration_shown(harness) - 3.0) < 1e-9);

  scope_close(harness.scope); // the same once more
  play(harness, 60, 0.5F);
  CHECK(scope_open(harness.scope));
  play(harness, 60, 0.5F);
  CHECK(atomic_load(&script.n_summaries) == 3 && duration_shown(harness) > 2.5);

  atomic_store(&script.no_summary, 1); // a problem of the window's alone
  keep(harness, "a third");
  play(harness, 100, 0.5F);
  CHECK(atomic_load(&script.n_summaries) == 4 && duration_shown(harness) < 0.5);
  CHECK(engine_status(harness.engine) == STATUS_READY);
  check_problem(harness, "");
  end(harness);
}

/// In a host that stands, a window shows the reference before any sound comes
static void
test_silence_shows_the_reference(void)
{
  const Harness harness = start();
  CHECK(scope_open(harness.scope));
  play(harness, 60, 0.0F);
  choose(references_learned_index(), 0);
  play(harness, 60, 0.0F);
  CHECK(!atomic_load(&script.n_loads)); // there is nothing to show

  keep(harness, "a sound");
  play(harness, 60, 0.0F);
  CHECK(atomic_load(&script.n_loads) == 1 && duration_shown(harness) > 0.5);
  CHECK(!atomic_load(&script.n_open));
  CHECK(engine_status(harness.engine) == STATUS_IDLE);
  check_problem(harness, "");

  atomic_store(&script.no_summary, 1);
  keep(harness, "no sound");
  play(harness, 60, 0.0F);
  CHECK(engine_status(harness.engine) == STATUS_IDLE && duration_shown(harness) < 0.5);
  check_problem(harness, "as the test ordered");
  atomic_store(&script.no_summary, 0);
  keep(harness, "a sound");
  play(harness, 60, 0.0F);
  CHECK(duration_shown(harness) > 0.5);
  check_problem(harness, "");

  const float last = run(harness.engine, 100, 0.5F);
  CHECK(engine_status(harness.engine) == STATUS_READY);
  CHECK(fabsf(last - (400 * BLOCK - 1 - 6000)) < 0.5F);
  end(harness);
}

/// Where there is no Python, a window says so before any sound comes
static void
test_silence_shows_that_there_is_no_python(void)
{
  const Harness harness = start();
  atomic_store(&script.load_outcome, BRIDGE_NO_PYTHON);
  CHECK(scope_open(harness.scope));
  keep(harness, "a sound");
  choose(references_learned_index(), 0);
  play(harness, 60, 0.0F);
  CHECK(atomic_load(&script.n_loads) == 1);
  CHECK(engine_status(harness.engine) == STATUS_NO_PYTHON);
  end(harness);
}

static void
test_problems_are_shown(void)
{
  const Harness harness = start();
  atomic_store(&script.missing, 2U); // the second model
  choose(1, 0);
  play(harness, 60, 0.5F);
  check_problem(harness, "");
  choose(1, 1);
  play(harness, 60, 0.5F);
  check_problem(harness, "as the test ordered");
  choose(1, 0);
  play(harness, 60, 0.5F);
  check_problem(harness, "");
  end(harness);

  const Harness other = start();
  atomic_store(&script.fail_at, 20000);
  play(other, 100, 0.5F);
  check_problem(other, "as the test ordered");
  CHECK(engine_status(other.engine) == STATUS_PYTHON_ERROR);
  end(other);
}

int
main(void)
{
  test_without_a_window_nothing_is_done();
  test_columns_come_while_a_window_is_open();
  test_the_clock_follows_the_host();
  test_each_session_is_a_stream();
  test_a_reference_is_summarised_once_a_change();
  test_silence_shows_the_reference();
  test_silence_shows_that_there_is_no_python();
  test_problems_are_shown();
  return 0;
}
