/* SPDX-License-Identifier: GPL-3.0-or-later

   Engine and worker together, with a bridge that is written here. */

#include "check.h"

#include "engine.h"
#include "worker.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { RATE = 8000, BLOCK = 500 };

/// What the bridge was asked, and how it is to answer
static struct {
  _Atomic uint32_t n_loads;
  _Atomic uint32_t n_open;
  _Atomic uint32_t n_closed;
  _Atomic uint32_t n_frames;     ///< Exchanged
  _Atomic uint32_t target;       ///< Last configured
  _Atomic uint32_t quality;      ///< Last configured
  _Atomic uint32_t changed_at;   ///< Frame at which it was
  _Atomic uint32_t n_refused;    ///< Calls that asked for a model that is missing
  _Atomic uint32_t missing;      ///< A bit for each quality that has no model
  _Atomic uint32_t fail_change;  ///< Configuring fails, not for want of a model
  _Atomic uint32_t fail_open;    ///< A `ProblemKind`
  _Atomic uint32_t fail_at;      ///< Frame from which exchanging fails, if not 0
  _Atomic uint32_t sleep_ms;     ///< In each exchange
  _Atomic uint32_t load_status;  ///< A `Status`
  _Atomic uint32_t n_bytes;      ///< Of the reference last configured
  _Atomic uint32_t no_reference; ///< There was none when one was asked for
  _Atomic uint32_t learns;       ///< A reference can be had
  _Atomic double   quarter;      ///< Last located
  _Atomic uint32_t located_at;   ///< Frame at which it was
} script;

static bool
take(const StreamSettings* const settings)
{
  if (atomic_load(&script.missing) >> settings->quality & 1U) {
    atomic_fetch_add(&script.n_refused, 1);
    return false;
  }
  atomic_store(&script.target, settings->target);
  atomic_store(&script.quality, settings->quality);
  atomic_store(&script.changed_at, atomic_load(&script.n_frames));
  return true;
}

static uint32_t
fake_configure(const uint32_t              stream,
               const StreamSettings* const settings,
               const Reference* const      reference)
{
  CHECK(stream == 41);
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
fake_learned(const uint32_t stream, unsigned char* const bytes, const uint32_t n_bytes)
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

static uint32_t
fake_open(const StreamSetup* const setup)
{
  CHECK(fabs(setup->sample_rate - RATE) < 1e-9 && setup->n_channels == 1);
  if (atomic_load(&script.fail_open)) {
    return 0;
  }
  atomic_store(&script.n_frames, 0); // as of a new stream
  atomic_fetch_add(&script.n_open, 1);
  return 41;
}

static uint32_t
fake_exchange(const uint32_t stream, const Passage* const passage)
{
  CHECK(stream == 41 && passage->n_frames > 0);
  os_sleep_ms(atomic_load(&script.sleep_ms));
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
         : atomic_load(&script.n_refused) > 0 ? PROBLEM_MODEL
                                              : PROBLEM_PYTHON;
}

static Status
fake_load(const Bridge** const bridge)
{
  static const Bridge fake = {fake_open,
                              fake_configure,
                              fake_locate,
                              fake_exchange,
                              fake_learned,
                              fake_close,
                              fake_problem};
  *bridge                  = &fake;
  atomic_fetch_add(&script.n_loads, 1);
  return (Status)atomic_load(&script.load_status);
}

static void
reset_script(void)
{
  memset(&script, 0, sizeof(script));
  atomic_store(&script.load_status, STATUS_READY);
}

/// Run `n` blocks offline, of `value` everywhere; return the last output sample
static float
run(Engine* const engine, const int n, const float value)
{
  float last = 0.0F;
  for (int k = 0; k < n; ++k) {
    float  sound[BLOCK];
    float* channels[1] = {sound};
    for (int i = 0; i < BLOCK; ++i) {
      sound[i] = value;
    }
    const Block block = {(const float* const*)channels, NULL, channels, BLOCK};
    (void)engine_wait(engine, BLOCK, 5000);
    (void)engine_run(engine, &block);
    last = sound[BLOCK - 1];
  }
  return last;
}

typedef struct {
  Worker* worker;
  Engine* engine;
} Rig;

static Engine*
new_engine(void)
{
  References* const references = references_new();
  const EngineSetup setup      = {RATE, 1, 0, CLIP_4_BEATS, references};
  Engine* const     engine     = engine_new(&setup);
  references_leave(references);
  return engine;
}

static Rig
begin(void)
{
  const Rig rig = {worker_new(fake_load), new_engine()};
  CHECK(rig.worker && rig.engine);
  CHECK(worker_serve(rig.worker, engine_session(rig.engine)));
  return rig;
}

static void
end(const Rig rig)
{
  CHECK(worker_serve(rig.worker, NULL));
  engine_free(rig.engine);
  CHECK(worker_free(rig.worker, 5000));
}

static void
test_silence_wakes_nobody(void)
{
  reset_script();
  const Rig rig = begin();
  (void)run(rig.engine, 200, 0.0F);
  CHECK(!atomic_load(&script.n_loads) && engine_status(rig.engine) == STATUS_IDLE);

  // The first sound does, and the stream hears of the silence before it
  const float last = run(rig.engine, 100, 0.5F);
  CHECK(atomic_load(&script.n_loads) == 1 && atomic_load(&script.n_open) == 1);
  CHECK(engine_status(rig.engine) == STATUS_READY);
  // The allowance, 0.75 s, lies between the worker's frames and ours
  CHECK(fabsf(last - (300 * BLOCK - 1 - 6000)) < 0.5F);
  end(rig);
  CHECK(atomic_load(&script.n_closed) == 1);
}

static void
test_settings_come_in_time(void)
{
  reset_script();
  const Rig            rig   = begin();
  const StreamSettings first = {3, 0, BEATS_FIXED, 0, 100.0, 0.5};
  const StreamSettings other = {2, 0, BEATS_FIXED, 0, 100.0, 0.5};
  engine_set_stream(rig.engine, &first);
  (void)run(rig.engine, 41, 0.5F);
  CHECK(atomic_load(&script.target) == 3);
  engine_set_stream(rig.engine, &other);
  (void)run(rig.engine, 60, 0.5F);
  CHECK(atomic_load(&script.target) == 2);
  CHECK(atomic_load(&script.changed_at) == 41 * BLOCK);
  end(rig);
}

static void
test_failures(void)
{
  const struct {
    uint32_t load_status;
    uint32_t fail_open;
    uint32_t fail_at;
    Status   expected;
  } cases[] = {
    {STATUS_NO_PYTHON, 0, 0, STATUS_NO_PYTHON},
    {STATUS_WRONG_PYTHON, 0, 0, STATUS_WRONG_PYTHON},
    {STATUS_READY, PROBLEM_PYTHON, 0, STATUS_PYTHON_ERROR},
    {STATUS_READY, 0, 20000, STATUS_PYTHON_ERROR},
  };
  for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); ++k) {
    reset_script();
    atomic_store(&script.load_status, cases[k].load_status);
    atomic_store(&script.fail_open, cases[k].fail_open);
    atomic_store(&script.fail_at, cases[k].fail_at);
    const Rig rig = begin();
    // The dry signal comes after its delay, whatever happened
    CHECK(fabsf(run(rig.engine, 400, 0.5F) - 0.5F) < 1e-6F);
    CHECK(engine_status(rig.engine) == cases[k].expected);
    end(rig);
    CHECK(atomic_load(&script.n_closed) == atomic_load(&script.n_open));
  }
}

static void
choose(Engine* const engine, const uint32_t target, const uint32_t quality)
{
  const StreamSettings settings = {target, quality, BEATS_FIXED, 0, 100.0, 0.5};
  engine_set_stream(engine, &settings);
}

/// A model that is missing is asked for once, and another one takes over in time
static void
test_a_missing_model_can_be_left(void)
{
  reset_script();
  atomic_store(&script.missing, 2U); // the second
  const Rig rig = begin();
  choose(rig.engine, 1, 0);
  (void)run(rig.engine, 40, 0.5F);
  CHECK(engine_status(rig.engine) == STATUS_READY);

  choose(rig.engine, 1, 1);
  CHECK(fabsf(run(rig.engine, 60, 0.5F) - 0.5F) < 1e-6F); // dry
  CHECK(engine_status(rig.engine) == STATUS_NO_MODEL);
  choose(rig.engine, 2, 1); // no reason to ask for it again
  CHECK(fabsf(run(rig.engine, 400, 0.5F) - 0.5F) < 1e-6F); // longer than the rings
  CHECK(atomic_load(&script.n_refused) == 1 && atomic_load(&script.target) == 1);

  choose(rig.engine, 2, 0);
  const float last = run(rig.engine, 60, 0.5F);
  CHECK(engine_status(rig.engine) == STATUS_READY);
  CHECK(atomic_load(&script.target) == 2 && atomic_load(&script.quality) == 0);
  CHECK(atomic_load(&script.changed_at) == 500 * BLOCK);
  CHECK(atomic_load(&script.n_open) == 1); // and never closed: nothing is lost
  CHECK(fabsf(last - (560 * BLOCK - 1 - 6000)) < 0.5F);
  end(rig);
  CHECK(atomic_load(&script.n_closed) == 1);
}

/// The same where the missing one is the first that was asked for
static void
test_a_model_missing_from_the_start_can_be_left(void)
{
  reset_script();
  atomic_store(&script.missing, 1U); // the first
  const Rig rig = begin();
  choose(rig.engine, 1, 0);
  CHECK(fabsf(run(rig.engine, 400, 0.5F) - 0.5F) < 1e-6F);
  CHECK(engine_status(rig.engine) == STATUS_NO_MODEL);
  CHECK(atomic_load(&script.n_refused) == 1 && atomic_load(&script.n_open) == 1);

  choose(rig.engine, 1, 1);
  const float last = run(rig.engine, 60, 0.5F);
  CHECK(engine_status(rig.engine) == STATUS_READY);
  CHECK(atomic_load(&script.quality) == 1 && atomic_load(&script.n_open) == 1);
  CHECK(fabsf(last - (460 * BLOCK - 1 - 6000)) < 0.5F); // in its place
  end(rig);
}

/// A target without a sound passes dry until it has one
static void
test_a_reference_can_be_learnt(void)
{
  reset_script();
  const Rig         rig        = begin();
  References* const references = engine_session(rig.engine)->references;
  StreamSettings    settings   = {
         references_learned(references), 0, BEATS_FIXED, 0, 100.0, 0.5};
  engine_set_stream(rig.engine, &settings);
  CHECK(fabsf(run(rig.engine, 400, 0.5F) - 0.5F) < 1e-6F); // dry
  CHECK(engine_status(rig.engine) == STATUS_NO_REFERENCE);

  settings.learn = 1;
  engine_set_stream(rig.engine, &settings);
  (void)run(rig.engine, 40, 0.5F);
  CHECK(engine_status(rig.engine) == STATUS_LEARNING);
  CHECK(!engine_learned(rig.engine));

  atomic_store(&script.learns, 1);
  (void)run(rig.engine, 40, 0.5F);
  CHECK(engine_learned(rig.engine) == 1);
  settings.learn = 0;
  engine_set_stream(rig.engine, &settings);
  const float last = run(rig.engine, 40, 0.5F);
  CHECK(engine_status(rig.engine) == STATUS_READY);
  CHECK(atomic_load(&script.n_bytes) == 5 && atomic_load(&script.n_open) == 1);
  CHECK(fabsf(last - (520 * BLOCK - 1 - 6000)) < 0.5F);
  end(rig);
}

/// The stream hears of the host's position at its frame, and when it opens late
static void
test_positions_come_in_time(void)
{
  reset_script();
  const Rig rig       = begin();
  Transport transport = {.is_playing = true, .quarter = 8.0, .tempo_bpm = 120.0};
  for (int k = 0; k < 60; ++k, transport.quarter += 2.0 * BLOCK / RATE) {
    engine_set_transport(rig.engine, &transport);
    (void)run(rig.engine, 1, k < 20 ? 0.0F : 0.5F);
  }
  // Opened at the first sound, and told where the host was by then
  const double opened_at = atomic_load(&script.located_at);
  CHECK(opened_at > 18 * BLOCK && opened_at <= 20 * BLOCK);
  CHECK(fabs(atomic_load(&script.quarter) - (8.0 + 2.0 * opened_at / RATE)) < 1e-9);

  transport.quarter = 100.0;
  engine_set_transport(rig.engine, &transport);
  (void)run(rig.engine, 40, 0.5F);
  CHECK(atomic_load(&script.located_at) == 60 * BLOCK);
  CHECK(fabs(atomic_load(&script.quarter) - 100.0) < 1e-9);
  end(rig);
}

/// What Python raises for other reasons is final until the next activation
static void
test_a_failing_change_is_final(void)
{
  reset_script();
  const Rig rig = begin();
  (void)run(rig.engine, 40, 0.5F);
  atomic_store(&script.fail_change, 1);
  choose(rig.engine, 1, 1);
  (void)run(rig.engine, 60, 0.5F);
  atomic_store(&script.fail_change, 0);
  choose(rig.engine, 1, 0);
  CHECK(fabsf(run(rig.engine, 60, 0.5F) - 0.5F) < 1e-6F);
  CHECK(engine_status(rig.engine) == STATUS_PYTHON_ERROR);
  CHECK(atomic_load(&script.n_open) == 1 && atomic_load(&script.n_closed) == 1);
  end(rig);
}

/// Each activation begins anew, while the worker may still be busy with the last
static void
test_many_activations(void)
{
  reset_script();
  Worker* const worker = worker_new(fake_load);
  for (int k = 0; k < 50; ++k) {
    Engine* const engine = new_engine();
    CHECK(worker_serve(worker, engine_session(engine)));
    atomic_store(&script.n_frames, 0);
    (void)run(engine, k % 10, 0.5F);
    CHECK(worker_serve(worker, NULL));
    engine_free(engine);
  }
  CHECK(worker_free(worker, 5000));
  CHECK(atomic_load(&script.n_closed) == atomic_load(&script.n_open));
}

/// What a library does when a thread that has called it ends
static void
tidy(void* const tidied)
{
  os_sleep_ms(100);
  atomic_store((atomic_bool*)tidied, true);
}

static pthread_key_t tidy_key;
static atomic_bool   tidied;

static Status
load_untidy(const Bridge** const bridge)
{
  CHECK(!pthread_setspecific(tidy_key, &tidied));
  return fake_load(bridge);
}

/// Once the worker has ended, nothing runs that the end of the process could meet
static void
test_libraries_have_tidied(void)
{
  reset_script();
  CHECK(!pthread_key_create(&tidy_key, tidy));
  const Rig rig = {worker_new(load_untidy), new_engine()};
  CHECK(worker_serve(rig.worker, engine_session(rig.engine)));
  (void)run(rig.engine, 100, 0.5F);
  CHECK(atomic_load(&script.n_loads) == 1 && !atomic_load(&tidied));
  end(rig);
  CHECK(atomic_load(&tidied));
  pthread_key_delete(tidy_key);
}

/// A worker that is stuck in Python keeps nobody waiting, and frees its things
static void
test_stuck(void)
{
  reset_script();
  atomic_store(&script.sleep_ms, 400);
  const Rig rig = begin();
  float     sound[BLOCK];
  float*    channels[1] = {sound};
  for (int i = 0; i < 20; ++i) {
    for (int k = 0; k < BLOCK; ++k) {
      sound[k] = 0.5F;
    }
    const Block block = {(const float* const*)channels, NULL, channels, BLOCK};
    (void)engine_run(rig.engine, &block);
  }
  while (!atomic_load(&script.n_open)) {
    os_sleep_ms(1);
  }
  const uint64_t begun = os_now_ms();
  CHECK(worker_serve(rig.worker, NULL));
  engine_free(rig.engine);
  CHECK(!worker_free(rig.worker, 20));
  CHECK(os_now_ms() - begun < 300);
  for (int i = 0; i < 5000 && !atomic_load(&script.n_closed); ++i) {
    os_sleep_ms(1);
  }
  CHECK(atomic_load(&script.n_closed) == 1);
  os_sleep_ms(100); // for the thread to end, before leaks are counted
}

int
main(void)
{
  test_silence_wakes_nobody();
  test_settings_come_in_time();
  test_failures();
  test_a_missing_model_can_be_left();
  test_a_model_missing_from_the_start_can_be_left();
  test_a_reference_can_be_learnt();
  test_positions_come_in_time();
  test_a_failing_change_is_final();
  test_many_activations();
  test_libraries_have_tidied();
  test_stuck();
  return 0;
}
