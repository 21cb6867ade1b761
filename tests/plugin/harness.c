/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "harness.h"

#include "check.h"

#include "core/settings.h"

#include <math.h>
#include <string.h>

Script        script;
BlockControls controls;

const Limits patient = {5000, 5000};

static bool
take(const StreamSettings* const settings)
{
  if (atomic_load(&script.missing) >> settings->quality & 1U) {
    atomic_fetch_add(&script.n_refused, 1);
    return false;
  }
  atomic_store(&script.target, settings->target);
  atomic_store(&script.quality, settings->quality);
  atomic_store(&script.learn, settings->learn);
  atomic_store(&script.changed_at, atomic_load(&script.n_frames));
  return true;
}

static uint32_t
fake_configure(const uint32_t              stream,
               const StreamSettings* const settings,
               const Reference* const      reference)
{
  CHECK(stream == 41);
  os_sleep_ms(atomic_load(&script.load_ms));
  atomic_store(&script.n_bytes, reference->is_target ? reference->n_bytes : 0);
  if (reference->is_target && !reference->n_bytes) {
    atomic_store(&script.no_reference, 1);
    return 0;
  }
  atomic_store(&script.no_reference, 0);
  return !atomic_load(&script.fail_change) && take(settings);
}

static uint32_t
fake_locate(const uint32_t stream, const HostPosition* const position)
{
  CHECK(stream == 41);
  atomic_store(&script.quarter, position->is_known ? position->quarter : -1.0);
  atomic_store(&script.located_at, atomic_load(&script.n_frames));
  return 1;
}

static uint32_t
fake_take_bar(const uint32_t stream, unsigned char* const bytes, const uint32_t n_bytes)
{
  CHECK(stream == 41);
  if (!atomic_load(&script.learns)) {
    return 0;
  }
  if (n_bytes >= 5) {
    memcpy(bytes, "sound", 5);
    atomic_store(&script.learns, 0);
  }
  return 5;
}

/// Frame of the stream up to which columns have been taken, while they are made
static uint64_t shown_until;
static bool     is_watched;

static uint32_t
fake_take_columns(const uint32_t stream, Column* const columns, const uint32_t n)
{
  CHECK(stream == 41 && !columns == !n);
  const uint32_t n_frames = atomic_load(&script.n_frames);
  if (!n || !is_watched) {
    atomic_fetch_add(n ? &script.n_watched : &script.n_unwatched, 1);
    is_watched  = n;
    shown_until = n_frames;
    return 0;
  }
  uint32_t n_made = 0;
  for (; n_made < n && shown_until + COLUMN <= n_frames; ++n_made) {
    columns[n_made] = (Column){.frame = shown_until, .n_frames = COLUMN};
    shown_until += COLUMN;
  }
  atomic_fetch_add(&script.n_columns, n_made);
  return n_made;
}

static uint32_t
fake_summarise(const Reference* const reference, ReferenceSummary* const summary)
{
  CHECK(reference->is_target && reference->n_bytes && reference->bytes);
  const uint32_t number = atomic_fetch_add(&script.n_summaries, 1) + 1;
  if (atomic_load(&script.no_summary)) {
    return 0;
  }
  *summary = (ReferenceSummary){.duration_s = number, .low_pitch = reference->bytes[0]};
  return 1;
}

static uint32_t
fake_open(const StreamSetup* const setup)
{
  CHECK(fabs(setup->sample_rate - RATE) < 1e-9 && setup->n_channels == 1);
  if (atomic_load(&script.fail_open)) {
    return 0;
  }
  atomic_store(&script.n_frames, 0); // as of a new stream
  is_watched = false;
  atomic_fetch_add(&script.n_open, 1);
  return 41;
}

/// Hang until the script says otherwise, or end the thread, as Python would
static void
hang(void)
{
  void (*const end_thread)(void) = atomic_load(&script.end_thread);
  if (end_thread) {
    end_thread();
  }
  atomic_fetch_add(&script.n_hanging, 1);
  while (atomic_load(&script.hang_at)) {
    os_sleep_ms(2);
  }
  atomic_fetch_sub(&script.n_hanging, 1);
}

/// Take time, in parts, so that none passes while the process is stopped
static void
work(const uint32_t duration_ms)
{
  static const uint32_t part_ms = 5;
  for (uint32_t ms = 0; ms < duration_ms; ms += part_ms) {
    os_sleep_ms(part_ms);
  }
}

static uint32_t
fake_exchange(const uint32_t stream, const Passage* const passage)
{
  CHECK(stream == 41 && passage->n_frames > 0);
  work(atomic_load(passage->n_frames > RATE ? &script.silence_ms : &script.sleep_ms));
  const uint32_t hang_at = atomic_load(&script.hang_at);
  if (hang_at && atomic_load(&script.n_frames) >= hang_at) {
    hang();
  }
  const uint32_t fail_at = atomic_load(&script.fail_at);
  if (fail_at && atomic_load(&script.n_frames) >= fail_at) {
    return 0;
  }
  // The frame's number, so that the test sees where each one went
  for (uint32_t i = 0; i < passage->n_frames; ++i) {
    passage->output[i] = (float)(atomic_load(&script.n_frames) + i);
  }
  atomic_fetch_add(&script.n_frames, passage->n_frames);
  return passage->n_frames;
}

static uint32_t
fake_close(const uint32_t stream)
{
  CHECK(stream == 41);
  atomic_fetch_add(&script.n_closed, 1);
  return 1;
}

static uint32_t
fake_problem(char* const text, const uint32_t n_bytes)
{
  snprintf(text, n_bytes, "as the test ordered");
  const uint32_t kind = atomic_load(&script.fail_open);
  return kind                                 ? kind
         : atomic_load(&script.no_reference)  ? PROBLEM_REFERENCE
         : atomic_load(&script.no_summary)    ? PROBLEM_REFERENCE
         : atomic_load(&script.n_refused) > 0 ? PROBLEM_MODEL
                                              : PROBLEM_PYTHON;
}

BridgeOutcome
fake_load(const Bridge** const bridge)
{
  static const Bridge fake = {fake_open,
                              fake_configure,
                              fake_locate,
                              fake_exchange,
                              fake_take_bar,
                              fake_take_columns,
                              fake_summarise,
                              fake_close,
                              fake_problem};
  *bridge                  = &fake;
  atomic_fetch_add(&script.n_loads, 1);
  return (BridgeOutcome)atomic_load(&script.load_outcome);
}

void
reset_script(void)
{
  memset(&script, 0, sizeof(script));
  atomic_store(&script.load_outcome, BRIDGE_LOADED);
  controls =
    (BlockControls){.stream = settings_initial(), .amount = 1.0, .is_offline = true};
}

/// Run a block, and return its last sample; `status` may be NULL
static float
last_of_block(Engine* const       engine,
              const float         value,
              const Limits* const limits,
              EngineStatus* const status)
{
  float sound[BLOCK];
  for (int i = 0; i < BLOCK; ++i) {
    sound[i] = value;
  }
  const Block   block        = {.input = {sound}, .output = {sound}, .n_frames = BLOCK};
  BlockControls now          = controls;
  now.limits                 = limits;
  const EngineStatus outcome = engine_run(engine, block, &now);
  if (status) {
    *status = outcome;
  }
  return sound[BLOCK - 1];
}

float
run(Engine* const engine, const int n, const float value)
{
  float last = 0.0F;
  for (int k = 0; k < n; ++k) {
    last = last_of_block(engine, value, &patient, NULL);
  }
  return last;
}

EngineStatus
run_block(Engine* const engine, const float value, const Limits* const limits)
{
  EngineStatus status = ENGINE_OK;
  (void)last_of_block(engine, value, limits, &status);
  return status;
}

void
play_blocks(const Harness harness, const int n, const Limits* const limits)
{
  for (int i = 0; i < n; ++i) {
    (void)run_block(harness.engine, 0.5F, limits);
  }
}

Engine*
new_shown_engine(Scope* const scope)
{
  References* const references = references_new();
  const EngineSetup setup      = {RATE, 1, 0, CLIP_4_BEATS, references, scope};
  Engine* const     engine     = engine_new(&setup);
  references_leave(references);
  return engine;
}

Engine*
new_engine(void)
{
  Scope* const  scope  = scope_new();
  Engine* const engine = new_shown_engine(scope);
  scope_leave(scope);
  return engine;
}

Harness
begin(void)
{
  Scope* const  scope   = scope_new();
  const Harness harness = {worker_new(fake_load), new_shown_engine(scope), scope};
  CHECK(harness.worker && harness.engine);
  CHECK(worker_serve(harness.worker, engine_session(harness.engine)));
  return harness;
}

bool
end_within(const Harness harness, const Limits* const limits)
{
  CHECK(worker_serve(harness.worker, NULL));
  engine_free(harness.engine);
  scope_leave(harness.scope);
  return worker_free(harness.worker, limits);
}

void
end(const Harness harness)
{
  CHECK(end_within(harness, &patient));
}

void
choose(const uint32_t target, const uint32_t quality)
{
  controls.stream = (StreamSettings){.target      = target,
                                     .quality     = quality,
                                     .beat_source = BEATS_FIXED,
                                     .tempo_bpm   = 100.0,
                                     .sensitivity = 0.5};
}
