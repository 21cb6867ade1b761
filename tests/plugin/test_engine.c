/* SPDX-License-Identifier: GPL-3.0-or-later

   The engine, with a worker that this file plays in the same thread. */

#include "check.h"

#include "engine.h"

#include <math.h>
#include <string.h>

enum { RATE = 8000, N_CHANNELS = 2, MAX_BLOCK = 3000 };

/// A worker that returns what it gets, `setup.latency_frames` later
typedef struct {
  Session* session;
  uint64_t n_done; ///< Frames
} Echo;

/// The sound of the tests at a frame; before the beginning there is none
static float
sample(const int64_t frame, const uint32_t channel)
{
  unsigned seed = (unsigned)(frame * 2 + channel + 1) * 2654435761U | 1U;
  return frame < 0 ? 0.0F : (float)(draw(&seed) % 2001) / 1000.0F - 1.0F;
}

static void
echo(Echo* const worker, uint32_t n)
{
  const int64_t latency = worker->session->setup.latency_frames;
  for (float frame[N_CHANNELS]; n && ring_read(worker->session->to_worker, frame, 1);
       --n) {
    const int64_t then = (int64_t)worker->n_done++ - latency;
    float         out[N_CHANNELS];
    for (uint32_t c = 0; c < N_CHANNELS; ++c) {
      out[c] = sample(then, c);
    }
    CHECK(ring_write(worker->session->from_worker, out, 1) == 1);
  }
}

/// Run a block of the test's sound from frame `start`, in place; check `scale` of it
static EngineStatus
run(Engine* const engine, const int64_t start, const uint32_t n, const float scale)
{
  static float memory[N_CHANNELS][MAX_BLOCK];
  float*       channels[N_CHANNELS] = {memory[0], memory[1]};
  for (uint32_t c = 0; c < N_CHANNELS; ++c) {
    for (uint32_t i = 0; i < n; ++i) {
      memory[c][i] = sample(start + i, c);
    }
  }
  const Block        block  = {(const float* const*)channels, channels, n};
  const EngineStatus status = engine_run(engine, &block);
  const int64_t      delay  = engine_latency(RATE);
  for (uint32_t c = 0; c < N_CHANNELS && scale >= 0.0F; ++c) {
    for (uint32_t i = 0; i < n; ++i) {
      CHECK(fabsf(memory[c][i] - scale * sample(start + i - delay, c)) < 1e-6F);
    }
  }
  return status;
}

/// The delay is constant whatever the blocks, and dry and wet lie on each other
static void
test_delay(void)
{
  const struct {
    double       amount;
    OutputChoice choice;
    float        scale;
  } cases[] = {
    {1.0, OUTPUT_EXTRACTED, 1.0F},
    {0.0, OUTPUT_EXTRACTED, 1.0F},
    {0.5, OUTPUT_EXTRACTED, 1.0F},
    {1.0, OUTPUT_EVERYTHING_ELSE, 0.0F},
    {0.0, OUTPUT_EVERYTHING_ELSE, 1.0F},
    {0.25, OUTPUT_EVERYTHING_ELSE, 0.75F},
  };
  for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); ++k) {
    for (uint32_t most = 1; most < 1500; most = most * 3 + 1) {
      Engine* const engine = engine_new(RATE, N_CHANNELS);
      Echo          worker = {engine_session(engine), 0};
      unsigned      seed   = most;
      engine_set_mix(engine, cases[k].amount, cases[k].choice);
      for (int64_t at = 0; at < 60000;) {
        const uint32_t n = 1 + draw(&seed) % most;
        CHECK(run(engine, at, n, cases[k].scale) == ENGINE_OK);
        echo(&worker, UINT32_MAX);
        at += n;
      }
      engine_free(engine);
    }
  }
}

/// What is late is silent, and what follows is in its place
static void
test_late(void)
{
  Engine* const engine = engine_new(RATE, N_CHANNELS);
  Echo          worker = {engine_session(engine), 0};
  session_report(worker.session, STATUS_READY);
  int64_t at = 0;
  for (; at < 60000; at += 100) {
    CHECK(run(engine, at, 100, 1.0F) == ENGINE_OK);
    echo(&worker, UINT32_MAX);
  }
  // 0.75 s are in hand; then nothing comes
  int n_late = 0;
  for (; at < 80000; at += 100) {
    n_late += run(engine, at, 100, at < 65900 ? 1.0F : -1.0F) == ENGINE_LATE;
  }
  CHECK(n_late == (20000 - 6000) / 100 && engine_status(engine) == STATUS_LATE);
  echo(&worker, UINT32_MAX);
  for (; at < 120000; at += 100) {
    CHECK(run(engine, at, 100, 1.0F) == ENGINE_OK);
    echo(&worker, UINT32_MAX);
  }
  CHECK(engine_status(engine) == STATUS_READY);
  engine_free(engine);
}

/// A worker that read nothing for longer than the ring is still in time after
static void
test_clogged(void)
{
  Engine* const engine = engine_new(RATE, N_CHANNELS);
  Echo          worker = {engine_session(engine), 0};
  int64_t       at     = 0;
  bool          full   = false;
  for (; at < 80 * RATE; at += 500) {
    full |= run(engine, at, 500, -1.0F) == ENGINE_CLOGGED;
  }
  CHECK(full);
  for (int i = 0; i < 3000; ++i, at += 100) {
    echo(&worker, 2000);
    (void)run(engine, at, 100, -1.0F);
  }
  for (int i = 0; i < 1000; ++i, at += 100) {
    echo(&worker, UINT32_MAX);
    CHECK(run(engine, at, 100, 1.0F) == ENGINE_OK);
  }
  engine_free(engine);
}

/// Where the worker failed, the delayed input passes, without a click
static void
test_failure_is_dry(void)
{
  for (uint32_t s = STATUS_NO_PYTHON; s < N_STATUSES; ++s) {
    Engine* const engine = engine_new(RATE, N_CHANNELS);
    session_report(engine_session(engine), (Status)s);
    CHECK(run(engine, 0, 1000, -1.0F) == ENGINE_DRY);
    for (int64_t at = 1000; at < 90000; at += 1000) {
      CHECK(run(engine, at, 1000, 1.0F) == ENGINE_DRY);
    }
    CHECK(engine_status(engine) == (Status)s);
    // Another model may be chosen, and the worker goes on for that; else at once
    CHECK(!engine_wait(engine, 1000, s == STATUS_NO_MODEL ? 50 : 60000));
    engine_free(engine);
  }
}

static void
test_bad_samples(void)
{
  Engine* const engine      = engine_new(RATE, 1);
  float         sound[4]    = {NAN, INFINITY, -INFINITY, 0.5F};
  float*        channels[1] = {sound};
  const Block   block       = {(const float* const*)channels, channels, 4};
  (void)engine_run(engine, &block);
  float sent[4] = {9, 9, 9, 9};
  CHECK(ring_read(engine_session(engine)->to_worker, sent, 4) == 4);
  CHECK(fabsf(sent[0]) + fabsf(sent[1]) + fabsf(sent[2]) < 1e-9F);
  CHECK(fabsf(sent[3] - 0.5F) < 1e-9F);
  engine_free(engine);
}

static void
test_settings(void)
{
  Engine* const        engine = engine_new(RATE, N_CHANNELS);
  const StreamSettings first  = {1, 0, BEATS_FIXED, 100.0};
  const StreamSettings second = {2, 0, BEATS_FIXED, 100.0};
  const StreamSettings third  = {2, 1, BEATS_FIXED, 100.0};
  engine_set_stream(engine, &first);
  engine_set_stream(engine, &first);
  (void)run(engine, 0, 777, -1.0F);
  engine_set_stream(engine, &second);
  engine_set_stream(engine, &third);
  Message message;
  Ring*   ring = engine_session(engine)->messages;
  CHECK(ring_ready(ring) == 3);
  CHECK(ring_read(ring, &message, 1) && message.at_frame == 0);
  CHECK(message.settings.target == 1);
  CHECK(ring_read(ring, &message, 1) && message.at_frame == 777);
  CHECK(message.settings.target == 2 && message.settings.quality == 0);
  CHECK(ring_read(ring, &message, 1) && message.at_frame == 777);
  CHECK(message.settings.target == 2 && message.settings.quality == 1);
  engine_free(engine);
}

static void
test_gives_up_waiting(void)
{
  Engine* const engine = engine_new(RATE, N_CHANNELS);
  for (int64_t at = 0; at < 6000; at += 1000) {
    CHECK(engine_wait(engine, 1000, 50)); // the allowance is in hand
    (void)run(engine, at, 1000, 1.0F);
  }
  CHECK(!engine_wait(engine, 1000, 50));
  CHECK(engine_status(engine) == STATUS_LATE);
  CHECK(!engine_wait(engine, 1000, 60000)); // and does not try again
  engine_free(engine);
}

int
main(void)
{
  test_delay();
  test_late();
  test_clogged();
  test_failure_is_dry();
  test_bad_samples();
  test_settings();
  test_gives_up_waiting();
  return 0;
}
