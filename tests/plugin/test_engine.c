/* SPDX-License-Identifier: GPL-3.0-or-later

   The engine, with a worker that this file plays in the same thread. */

#include "check.h"

#include "core/engine.h"

#include <math.h>
#include <string.h>

enum { RATE = 8000, N_CHANNELS = 2, MAX_BLOCK = 3000 };

static const Limits hasty   = {50, 50};
static const Limits patient = {60000, 60000};

/// What holds for the blocks that `run` plays
static BlockControls controls;

static const BlockControls default_controls = {.amount = 1.0};

static Engine*
new_engine(const uint32_t n_channels, const uint32_t n_sidechain, const ClipChoice clip)
{
  References* const references = references_new();
  Scope* const      scope      = scope_new();
  const EngineSetup setup  = {RATE, n_channels, n_sidechain, clip, references, scope};
  Engine* const     engine = engine_new(&setup);
  references_leave(references);
  scope_leave(scope);
  CHECK(engine);
  controls = default_controls;
  return engine;
}

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
  Session* const session = worker->session;
  const int64_t  latency = session->setup.latency_frames;
  for (float frame[N_CHANNELS];
       n && ring_room(session->from_worker) && ring_read(session->to_worker, frame, 1);
       --n) {
    const int64_t then = (int64_t)worker->n_done++ - latency;
    float         out[N_CHANNELS];
    for (uint32_t c = 0; c < N_CHANNELS; ++c) {
      out[c] = sample(then, c);
    }
    CHECK(ring_write(session->from_worker, out, 1) == 1);
  }
}

/// Run a block of the test's sound from frame `start`, in place; check `scale` of it
static EngineStatus
run(Engine* const engine, const int64_t start, const uint32_t n, const float scale)
{
  static float memory[N_CHANNELS][MAX_BLOCK];
  for (uint32_t c = 0; c < N_CHANNELS; ++c) {
    for (uint32_t i = 0; i < n; ++i) {
      memory[c][i] = sample(start + i, c);
    }
  }
  const Block block = {
    .input = {memory[0], memory[1]}, .output = {memory[0], memory[1]}, .n_frames = n};
  const EngineStatus status = engine_run(engine, block, &controls);
  const int64_t      delay  = engine_latency(RATE, CLIP_4_BEATS);
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
    for (uint32_t max_block = 1; max_block < 1500; max_block = max_block * 3 + 1) {
      Engine* const engine = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
      Echo          worker = {engine_session(engine), 0};
      unsigned      seed   = max_block;
      controls.amount      = cases[k].amount;
      controls.output      = cases[k].choice;
      controls.is_offline  = k % 2 == 0;
      for (int64_t at = 0; at < 60000;) {
        const uint32_t n = 1 + draw(&seed) % max_block;
        CHECK(run(engine, at, n, cases[k].scale) == ENGINE_OK);
        echo(&worker, UINT32_MAX);
        at += n;
      }
      engine_free(engine);
    }
  }
}

/// What comes in or from the worker without being finite does not leave
static void
test_not_finite(void)
{
  static const float absurd[] = {NAN, INFINITY, -INFINITY, 3e38F, -3e38F};
  static float       memory[N_CHANNELS][100];
  const Block        block = {
           .input = {memory[0], memory[1]}, .output = {memory[0], memory[1]}, .n_frames = 100};
  for (unsigned k = 0; k < 2 * sizeof(absurd) / sizeof(absurd[0]); ++k) {
    Engine* const engine  = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
    Session*      session = engine_session(engine);
    controls.amount       = 0.5;
    controls.output       = k % 2 ? OUTPUT_EVERYTHING_ELSE : OUTPUT_EXTRACTED;
    controls.is_offline   = true;
    session_report(session, STATUS_READY);
    const float spoilt[N_CHANNELS] = {absurd[k / 2], 0.25F};
    for (int64_t at = 0; at < 60000; at += 100) {
      for (uint32_t i = 0; i < 100; ++i) {
        memory[0][i] = i % 7 ? 0.5F : absurd[k / 2];
        memory[1][i] = -0.5F;
      }
      (void)engine_run(engine, block, &controls);
      for (uint32_t i = 0; i < 100; ++i) {
        CHECK(isfinite(memory[0][i]) && isfinite(memory[1][i]));
        CHECK(fabsf(memory[1][i]) <= 1.0F);
        float input[N_CHANNELS];
        CHECK(ring_read(session->to_worker, input, 1) == 1 && fabsf(input[0]) <= 1e3F);
        CHECK(ring_write(session->from_worker, spoilt, 1) == 1);
      }
    }
    engine_free(engine);
  }
}

/// What is late is silent, and what follows is in its place
static void
test_late(void)
{
  Engine* const engine = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
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
  Engine* const engine = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
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
    const bool    is_final = s != STATUS_NO_MODEL && s != STATUS_NO_REFERENCE;
    Engine* const engine   = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
    session_report(engine_session(engine), (Status)s);
    CHECK(run(engine, 0, 1000, -1.0F) == ENGINE_DRY);
    for (int64_t at = 1000; at < 90000; at += 1000) {
      CHECK(run(engine, at, 1000, 1.0F) == ENGINE_DRY);
    }
    CHECK(engine_status(engine) == (Status)s);
    // Another model may be chosen, and the worker goes on for that; else at once
    controls.limits = is_final ? &patient : &hasty;
    CHECK(run(engine, 90000, 1000, 1.0F) == ENGINE_DRY && engine_is_over(engine));
    engine_free(engine);
  }
}

static void
test_bad_samples(void)
{
  Engine* const engine   = new_engine(1, 0, CLIP_4_BEATS);
  float         sound[4] = {NAN, INFINITY, -INFINITY, 0.5F};
  const Block   block    = {.input = {sound}, .output = {sound}, .n_frames = 4};
  (void)engine_run(engine, block, &controls);
  float sent[4] = {9, 9, 9, 9};
  CHECK(ring_read(engine_session(engine)->to_worker, sent, 4) == 4);
  CHECK(fabsf(sent[0]) + fabsf(sent[1]) + fabsf(sent[2]) < 1e-9F);
  CHECK(fabsf(sent[3] - 0.5F) < 1e-9F);
  engine_free(engine);
}

/// Settings are sent once, before the sound that they hold for
static void
test_settings(void)
{
  Engine* const engine = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
  controls.stream      = (StreamSettings){
         .target = 1, .beat_source = BEATS_FIXED, .tempo_bpm = 100.0, .sensitivity = 0.5};
  (void)run(engine, 0, 777, -1.0F);
  (void)run(engine, 777, 23, -1.0F);
  controls.stream.target = 2;
  (void)run(engine, 800, 0, -1.0F); // of no frames
  controls.stream.quality     = 1;
  controls.stream.sensitivity = 0.7;
  (void)run(engine, 800, 1, -1.0F);
  Message message;
  Ring*   ring = engine_session(engine)->messages;
  CHECK(ring_ready(ring) == 2);
  CHECK(ring_read(ring, &message, 1) && message.at_frame == 0);
  CHECK(message.kind == MESSAGE_SETTINGS && message.settings.target == 1);
  CHECK(ring_read(ring, &message, 1) && message.at_frame == 800);
  CHECK(message.settings.target == 2 && message.settings.quality == 1);
  CHECK(fabs(message.settings.sensitivity - 0.7) < 1e-12);

  // A sound that was learnt is a change, though the index of its target is the same
  const unsigned char bytes[] = {1, 2, 3};
  CHECK(references_keep(engine_session(engine)->references, "Learned", bytes, 3));
  (void)run(engine, 801, 1, -1.0F);
  CHECK(ring_ready(ring) == 1);
  engine_free(engine);
}

/// Each choice of clip has a latency of its own, in seconds at any rate
static void
test_latencies(void)
{
  static const double seconds[N_CLIPS] = {5.35, 3.1, 1.15};
  static const double rates[]          = {8000, 22050, 44100, 48000, 96000, 384000};
  for (unsigned clip = 0; clip < N_CLIPS; ++clip) {
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); ++i) {
      const uint32_t latency = engine_latency(rates[i], (ClipChoice)clip);
      CHECK(fabs(latency - seconds[clip] * rates[i]) <= 2.0);
    }
    Engine* const engine = new_engine(1, 0, (ClipChoice)clip);
    CHECK(engine_session(engine)->setup.beats_per_clip == 4U >> clip);
    engine_free(engine);
  }
}

/// The sidechain goes to the worker beside the input, and not to the output
static void
test_sidechain(void)
{
  Engine* const engine   = new_engine(1, 2, CLIP_1_BEAT);
  float         sound[3] = {0.1F, 0.2F, 0.3F};
  float         left[3]  = {1.0F, NAN, 3.0F};
  float         right[3] = {-1.0F, -2.0F, 1e30F};
  const Block   with     = {
          .input = {sound}, .sidechain = {left, right}, .output = {sound}, .n_frames = 3};
  const Block without    = {.input = {sound}, .output = {sound}, .n_frames = 1};
  const float expected[] = {
    0.1F, 1.0F, -1.0F, 0.2F, 0.0F, -2.0F, 0.3F, 3.0F, 1000.0F, 0.5F, 0.0F, 0.0F};
  (void)engine_run(engine, with, &controls);
  sound[0] = 0.5F;
  (void)engine_run(engine, without, &controls);
  float sent[12];
  CHECK(ring_read(engine_session(engine)->to_worker, sent, 4) == 4);
  for (int i = 0; i < 12; ++i) {
    CHECK(fabsf(sent[i] - expected[i]) < 1e-6F);
  }
  engine_free(engine);
}

/// After a jump what came before it is gone after a fade, and what follows is whole
static void
test_a_jump_cuts_the_tail(void)
{
  Engine* const engine    = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
  Echo          worker    = {engine_session(engine), 0};
  Transport     transport = {.is_playing = true, .tempo_bpm = 120.0};
  const int64_t latency   = engine_latency(RATE, CLIP_4_BEATS);
  const int64_t jump      = 60000;
  for (int64_t at = 0; at < 2 * jump; at += 100) {
    const double here    = (double)at / RATE * 2.0;
    transport.quarter    = at < jump ? here : here + 64.0;
    controls.transport   = &transport;
    const bool  is_stale = at >= jump + 100 && at < jump + latency;
    const bool  is_open  = at < jump || at >= jump + latency;
    const float scale    = is_stale ? 0.0F : is_open ? 1.0F : -1.0F;
    CHECK(run(engine, at, 100, scale) == ENGINE_OK);
    echo(&worker, UINT32_MAX);
  }
  engine_free(engine);
}

/// After a restart what came before it is gone at once, and the worker is notified
static void
test_a_restart_silences_at_once(void)
{
  Engine* const engine  = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
  Echo          worker  = {engine_session(engine), 0};
  const int64_t latency = engine_latency(RATE, CLIP_4_BEATS);
  const int64_t restart = 60000;
  Message       message;
  for (int64_t at = 0; at < 2 * restart; at += 100) {
    if (at == restart) {
      CHECK(ring_read(worker.session->messages, &message, 1));
      CHECK(message.kind == MESSAGE_SETTINGS);
      CHECK(!ring_ready(worker.session->messages));
    }
    controls.restarts   = at == 0 || at == restart; // first of nothing
    const bool is_stale = at >= restart && at < restart + latency;
    CHECK(run(engine, at, 100, is_stale ? 0.0F : 1.0F) == ENGINE_OK);
    echo(&worker, UINT32_MAX);
  }
  CHECK(ring_read(worker.session->messages, &message, 1));
  CHECK(message.kind == MESSAGE_POSITION && message.at_frame == (uint64_t)restart);
  CHECK(message.position.is_seam && !message.position.is_known);
  CHECK(!ring_ready(worker.session->messages));
  engine_free(engine);
}

/// What is automated while a song plays belongs to the sound it comes with
static void
test_gains_travel_with_the_sound(void)
{
  Engine* const engine  = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
  Echo          worker  = {engine_session(engine), 0};
  const int64_t latency = engine_latency(RATE, CLIP_4_BEATS);
  controls.output       = OUTPUT_EVERYTHING_ELSE;
  controls.is_offline   = true;
  for (int64_t at = 0; at < 120000; at += 100) {
    controls.amount  = at < 60000 ? 1.0 : 0.25;
    const bool ramps = at >= 60000 + latency && at < 60100 + latency;
    CHECK(run(engine,
              at,
              100,
              ramps                  ? -1.0F
              : at < 60000 + latency ? 0.0F
                                     : 0.75F) == ENGINE_OK);
    echo(&worker, UINT32_MAX);
  }
  // Else a user turns a knob, and listens
  controls.amount     = 1.0;
  controls.is_offline = false;
  (void)run(engine, 120000, 100, -1.0F);
  echo(&worker, UINT32_MAX);
  CHECK(run(engine, 120100, 100, 0.0F) == ENGINE_OK);
  engine_free(engine);
}

/// Compared, the input has the delay and the loudness of the output: from the block on,
/// though what else is automated travels with the sound
static void
test_compare(void)
{
  const struct {
    OutputChoice choice;
    float        output;
    float        compared;
  } cases[] = {{OUTPUT_EXTRACTED, 1.0F, 1.0F},         // the worker returns all
               {OUTPUT_EVERYTHING_ELSE, 0.0F, 0.01F}}; // of which -40 dB are left
  for (unsigned k = 0; k < 4; ++k) {
    Engine* const engine    = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
    Echo          worker    = {engine_session(engine), 0};
    Transport     transport = {.is_playing = true, .tempo_bpm = 120.0};
    controls.output         = cases[k % 2].choice;
    controls.is_offline     = k > 1;
    controls.transport      = &transport;
    for (int64_t at = 0; at < 120000; at += 100) {
      transport.quarter = (double)at / RATE * 2.0;
      controls.compares = at >= 70000 && at < 90000;
      const bool  ramps = at == 70000 || at == 90000;
      const float scale =
        controls.compares ? cases[k % 2].compared : cases[k % 2].output;
      CHECK(run(engine, at, 100, ramps ? -1.0F : scale) == ENGINE_OK);
      echo(&worker, UINT32_MAX);
    }
    engine_free(engine);
  }
}

/// What is late must not let the target through where everything else is the output
static void
test_late_is_silent_whatever_is_chosen(void)
{
  Engine* const engine = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
  Echo          worker = {engine_session(engine), 0};
  controls.output      = OUTPUT_EVERYTHING_ELSE;
  controls.is_offline  = true;
  int64_t at           = 0;
  for (; at < 90000; at += 100) {
    (void)run(engine, at, 100, 0.0F);
  }
  for (; at < 92000; at += 100) { // more was late than there is room for
    (void)run(engine, at, 100, 0.0F);
    echo(&worker, UINT32_MAX);
  }
  CHECK(!engine_dropouts(engine)); // it had not begun yet
  session_report(worker.session, STATUS_READY);
  for (; at < 102000; at += 100) {
    (void)run(engine, at, 100, 0.0F);
  }
  // The allowance, 6000 frames, was in hand
  CHECK(engine_dropouts(engine) == 100 - 60);
  engine_free(engine);
}

static void
test_gives_up_waiting(void)
{
  Engine* const engine = new_engine(N_CHANNELS, 0, CLIP_4_BEATS);
  controls.limits      = &hasty;
  for (int64_t at = 0; at < 6000; at += 1000) {
    CHECK(run(engine, at, 1000, 1.0F) == ENGINE_OK); // the allowance is in hand
    CHECK(!engine_is_over(engine));
  }
  CHECK(run(engine, 6000, 1000, -1.0F) == ENGINE_DRY && engine_is_over(engine));
  CHECK(engine_status(engine) == STATUS_NO_ANSWER);
  controls.limits = &patient; // and does not try again
  CHECK(run(engine, 7000, 1000, -1.0F) == ENGINE_DRY && engine_is_over(engine));
  engine_free(engine);
}

int
main(void)
{
  test_delay();
  test_not_finite();
  test_late();
  test_clogged();
  test_failure_is_dry();
  test_bad_samples();
  test_settings();
  test_latencies();
  test_sidechain();
  test_a_jump_cuts_the_tail();
  test_a_restart_silences_at_once();
  test_gains_travel_with_the_sound();
  test_compare();
  test_late_is_silent_whatever_is_chosen();
  test_gives_up_waiting();
  return 0;
}
