/* SPDX-License-Identifier: GPL-3.0-or-later

   What the worker does for a session: settings, failures, references, positions. */

#include "check.h"

#include "harness.h"

#include <math.h>

static void
test_settings_come_in_time(void)
{
  reset_script();
  const Harness harness = begin();
  choose(3, 0);
  (void)run(harness.engine, 41, 0.5F);
  CHECK(atomic_load(&script.target) == 3);
  choose(2, 0);
  (void)run(harness.engine, 60, 0.5F);
  CHECK(atomic_load(&script.target) == 2);
  CHECK(atomic_load(&script.changed_at) == 41 * BLOCK);
  end(harness);
}

static void
test_failures(void)
{
  const struct {
    uint32_t load_outcome;
    uint32_t fail_open;
    uint32_t fail_at;
    Status   expected;
  } cases[] = {
    {BRIDGE_NO_PYTHON, 0, 0, STATUS_NO_PYTHON},
    {BRIDGE_WRONG_PYTHON, 0, 0, STATUS_WRONG_PYTHON},
    {BRIDGE_LOADED, PROBLEM_PYTHON, 0, STATUS_PYTHON_ERROR},
    {BRIDGE_LOADED, 0, 20000, STATUS_PYTHON_ERROR},
  };
  for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); ++k) {
    reset_script();
    atomic_store(&script.load_outcome, cases[k].load_outcome);
    atomic_store(&script.fail_open, cases[k].fail_open);
    atomic_store(&script.fail_at, cases[k].fail_at);
    const Harness harness = begin();
    // The dry signal comes after its delay, whatever happened
    CHECK(fabsf(run(harness.engine, 400, 0.5F) - 0.5F) < 1e-6F);
    CHECK(engine_status(harness.engine) == cases[k].expected);
    end(harness);
    CHECK(atomic_load(&script.n_closed) == atomic_load(&script.n_open));
  }
}

/// A model that is missing is requested once, and another one takes over in time
static void
test_a_missing_model_can_be_left(void)
{
  reset_script();
  atomic_store(&script.missing, 2U); // the second
  const Harness harness = begin();
  choose(1, 0);
  (void)run(harness.engine, 40, 0.5F);
  CHECK(engine_status(harness.engine) == STATUS_READY);

  choose(1, 1);
  CHECK(fabsf(run(harness.engine, 60, 0.5F) - 0.5F) < 1e-6F); // dry
  CHECK(engine_status(harness.engine) == STATUS_NO_MODEL);
  choose(2, 1); // no reason to request it again
  CHECK(fabsf(run(harness.engine, 400, 0.5F) - 0.5F) < 1e-6F); // longer than the rings
  CHECK(atomic_load(&script.n_refused) == 1 && atomic_load(&script.target) == 1);

  choose(2, 0);
  const float last = run(harness.engine, 60, 0.5F);
  CHECK(engine_status(harness.engine) == STATUS_READY);
  CHECK(atomic_load(&script.target) == 2 && atomic_load(&script.quality) == 0);
  CHECK(atomic_load(&script.changed_at) == 500 * BLOCK);
  CHECK(atomic_load(&script.n_open) == 1); // and never closed: nothing is lost
  CHECK(fabsf(last - (560 * BLOCK - 1 - 6000)) < 0.5F);
  end(harness);
  CHECK(atomic_load(&script.n_closed) == 1);
}

/// The same where the missing one is the first that was requested
static void
test_a_model_missing_from_the_start_can_be_left(void)
{
  reset_script();
  atomic_store(&script.missing, 1U); // the first
  const Harness harness = begin();
  choose(1, 0);
  CHECK(fabsf(run(harness.engine, 400, 0.5F) - 0.5F) < 1e-6F);
  CHECK(engine_status(harness.engine) == STATUS_NO_MODEL);
  CHECK(atomic_load(&script.n_refused) == 1 && atomic_load(&script.n_open) == 1);

  choose(1, 1);
  const float last = run(harness.engine, 60, 0.5F);
  CHECK(engine_status(harness.engine) == STATUS_READY);
  CHECK(atomic_load(&script.quality) == 1 && atomic_load(&script.n_open) == 1);
  CHECK(fabsf(last - (460 * BLOCK - 1 - 6000)) < 0.5F); // in its place
  end(harness);
}

/// A target without a sound passes dry until it has one
static void
test_a_reference_can_be_learnt(void)
{
  reset_script();
  const Harness harness = begin();
  choose(references_learned_index(), 0);
  CHECK(fabsf(run(harness.engine, 400, 0.5F) - 0.5F) < 1e-6F); // dry
  CHECK(engine_status(harness.engine) == STATUS_NO_REFERENCE);

  controls.stream.learn = 1;
  (void)run(harness.engine, 40, 0.5F);
  CHECK(engine_status(harness.engine) == STATUS_LEARNING);
  CHECK(!engine_n_learned(harness.engine));

  atomic_store(&script.learns, 1);
  (void)run(harness.engine, 40, 0.5F);
  CHECK(engine_n_learned(harness.engine) == 1);
  controls.stream.learn = 0;
  const float last      = run(harness.engine, 40, 0.5F);
  CHECK(engine_status(harness.engine) == STATUS_READY);
  CHECK(atomic_load(&script.n_bytes) == 5 && atomic_load(&script.n_open) == 1);
  CHECK(fabsf(last - (520 * BLOCK - 1 - 6000)) < 0.5F);
  end(harness);
}

/// The stream gets the host's position at its frame, and when it opens late
static void
test_positions_come_in_time(void)
{
  reset_script();
  const Harness harness   = begin();
  Transport     transport = {.is_playing = true, .quarter = 8.0, .tempo_bpm = 120.0};
  controls.transport      = &transport;
  for (int k = 0; k < 60; ++k, transport.quarter += 2.0 * BLOCK / RATE) {
    (void)run(harness.engine, 1, k < 20 ? 0.0F : 0.5F);
  }
  // Opened at the first sound, and given the position of the host by then
  const double opened_at = atomic_load(&script.located_at);
  CHECK(opened_at > 18 * BLOCK && opened_at <= 20 * BLOCK);
  CHECK(fabs(atomic_load(&script.quarter) - (8.0 + 2.0 * opened_at / RATE)) < 1e-9);

  transport.quarter = 100.0;
  for (int k = 0; k < 40; ++k, transport.quarter += 2.0 * BLOCK / RATE) {
    (void)run(harness.engine, 1, 0.5F);
  }
  CHECK(atomic_load(&script.located_at) == 60 * BLOCK);
  CHECK(fabs(atomic_load(&script.quarter) - 100.0) < 1e-9);
  end(harness);
}

/// What Python raises for other reasons is final until the next activation
static void
test_a_failing_change_is_final(void)
{
  reset_script();
  const Harness harness = begin();
  (void)run(harness.engine, 40, 0.5F);
  atomic_store(&script.fail_change, 1);
  choose(1, 1);
  (void)run(harness.engine, 60, 0.5F);
  atomic_store(&script.fail_change, 0);
  choose(1, 0);
  CHECK(fabsf(run(harness.engine, 60, 0.5F) - 0.5F) < 1e-6F);
  CHECK(engine_status(harness.engine) == STATUS_PYTHON_ERROR);
  CHECK(atomic_load(&script.n_open) == 1 && atomic_load(&script.n_closed) == 1);
  end(harness);
}

int
main(void)
{
  test_settings_come_in_time();
  test_failures();
  test_a_missing_model_can_be_left();
  test_a_model_missing_from_the_start_can_be_left();
  test_a_reference_can_be_learnt();
  test_positions_come_in_time();
  test_a_failing_change_is_final();
  return 0;
}
