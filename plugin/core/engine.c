/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/engine.h"

#include "core/integer.h"
#include "core/lateness.h"
#include "core/mixer.h"
#include "core/outbox.h"
#include "os/memory.h"
#include "os/running_clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double CAPACITY_S = 5.4;  // of input kept while Python starts
static const float  LOUDEST    = 1e3F; // clamp: anything louder is a bug upstream

enum { MAX_FRAMES = 4096, WAIT_MS = 20 };

struct EngineImpl {
  Session* session;     ///< Shared with the worker
  Mixer*   mixer;       ///< Delays the input, and mixes it with the output
  double   sample_rate; ///< Hz
  uint32_t n_channels;  ///< 1 or 2
  uint32_t n_sidechain; ///< 0 to 2
  uint32_t max_frames;  ///< Frames that `sent`, `sound` and `wet` have room for
  float*   sent;        ///< Interleaved input and sidechain
  float*   sound;       ///< Interleaved input, then output
  float*   wet;         ///< Interleaved frames from the worker

  uint64_t n_played;  ///< Frames since activation
  uint32_t n_early;   ///< Frames of silence to play before the worker's first
  uint64_t n_owed;    ///< Frames still to be sent to the worker, as silence
  uint64_t n_overdue; ///< Frames played as silence that are still to arrive
  Lateness lateness;  ///< Of what is overdue
  bool     gave_up;   ///< Waiting for the worker has timed out

  Outbox            outbox; ///< Messages for the worker
  TransportFollower follower;
  uint64_t          followed_at; ///< Frame for which the host's position came last
};

static uint32_t
frames(const double seconds, const double sample_rate)
{
  return (uint32_t)ceil(seconds * sample_rate);
}

uint32_t
engine_latency(const double sample_rate, const ClipChoice clip)
{
  const Clip* const info = clip_info(clip);
  return frames(info->stream_s, sample_rate) + frames(info->allowance_s, sample_rate);
}

/* Life */

static float*
room_for(const uint32_t n_frames, const uint32_t n_channels)
{
  return (float*)memory_new_resident((size_t)n_frames * n_channels, sizeof(float));
}

static bool
has_all(const Engine* const engine)
{
  return engine->session && engine->mixer && engine->sent && engine->sound &&
         engine->wet;
}

Engine*
engine_new(const EngineSetup* const setup)
{
  Engine* const engine = (Engine*)memory_new_resident(1, sizeof(Engine));
  if (!engine) {
    return NULL;
  }

  // Block and quantum together must fit in the allowance, or waiting would
  // need frames that have not been sent
  const double      rate      = setup->sample_rate;
  const Clip* const clip      = clip_info(setup->clip);
  const uint32_t    allowance = frames(clip->allowance_s, rate);
  const uint32_t    quantum   = min_u32(allowance / 4 + 1, MAX_FRAMES);
  const StreamSetup stream    = {rate,
                                 setup->n_channels,
                                 setup->n_sidechain,
                                 frames(clip->stream_s, rate),
                                 clip->n_beats};

  engine->sample_rate = rate;
  engine->n_channels  = setup->n_channels;
  engine->n_sidechain = setup->n_sidechain;
  engine->max_frames  = quantum;
  engine->n_early     = allowance;
  engine->lateness    = lateness_new(engine_latency(rate, setup->clip), rate);

  const Capacity capacity = {frames(CAPACITY_S, rate), allowance + 2 * quantum};
  engine->session =
    session_new(&stream, setup->references, setup->scope, quantum, &capacity);
  engine->mixer = mixer_new(rate, setup->n_channels, engine_latency(rate, setup->clip));
  engine->sent  = room_for(quantum, setup->n_channels + setup->n_sidechain);
  engine->sound = room_for(quantum, setup->n_channels);
  engine->wet   = room_for(quantum, setup->n_channels);
  if (!has_all(engine)) {
    engine_free(engine);
    return NULL;
  }
  engine->session->latency = engine_latency(rate, setup->clip);
  return engine;
}

void
engine_free(Engine* const engine)
{
  if (engine) {
    if (engine->session) {
      atomic_store(&engine->session->ended, true);
      session_leave(engine->session);
    }
    mixer_free(engine->mixer);
    free(engine->sent);
    free(engine->sound);
    free(engine->wet);
    free(engine);
  }
}

Session*
engine_session(Engine* const engine)
{
  return engine->session;
}

/* What holds for a block */

static void
set_transport(Engine* const engine, const Transport* const transport)
{
  const uint32_t       n = min_u32(engine->n_played - engine->followed_at, UINT32_MAX);
  const TransportEvent event =
    transport_follow(&engine->follower, transport, n, engine->sample_rate);
  engine->followed_at = engine->n_played;
  if (event != TRANSPORT_SAME) {
    outbox_set_position(&engine->outbox, &engine->follower.position, engine->n_played);
  }
  if (event == TRANSPORT_JUMP) {
    mixer_cut(engine->mixer, true);
  }
}

static void
restart(Engine* const engine)
{
  if (engine->n_played) {
    memset(&engine->follower, 0, sizeof(engine->follower));
    engine->follower.position.is_seam = 1;
    outbox_set_position(&engine->outbox, &engine->follower.position, engine->n_played);
    mixer_cut(engine->mixer, false);
  }
}

static void
set_mix(Engine* const engine, const BlockControls* const controls)
{
  // dry + amount (wet - dry), where wet is the worker's sound or what it leaves
  const float a     = (float)controls->amount;
  const Gains gains = controls->output == OUTPUT_EVERYTHING_ELSE ? (Gains){1.0F, -a}
                                                                 : (Gains){1.0F - a, a};

  // While a song plays, what is automated belongs to the sound it comes with; else
  // a user turns a knob, and listens
  const bool is_rolling = engine->follower.position.is_known;
  mixer_set_gains(engine->mixer, gains, !controls->is_offline && !is_rolling);
  mixer_set_compare(engine->mixer, controls->compares);
}

static void
apply(Engine* const engine, const BlockControls* const controls)
{
  if (controls->restarts) {
    restart(engine);
  }
  set_transport(engine, controls->transport);
  const uint32_t revision = references_revision(engine->session->references);
  outbox_set_settings(&engine->outbox, &controls->stream, revision, engine->n_played);
  set_mix(engine, controls);
}

/* Sound */

/// Arrange the input as the worker takes it; return whether it has sound
static bool
interleave(Engine* const engine, const Block block)
{
  bool           has_sound  = false;
  const uint32_t n_channels = engine->n_channels;
  const uint32_t n_all      = n_channels + engine->n_sidechain;
  for (uint32_t c = 0; c < n_all; ++c) {
    const float* const from =
      c < n_channels ? block.input[c] : block.sidechain[c - n_channels];
    for (uint32_t i = 0; i < block.n_frames; ++i) {
      // One bad sample would spread through the whole spectrum
      const float x               = from && isfinite(from[i]) ? from[i] : 0.0F;
      engine->sent[i * n_all + c] = fmaxf(-LOUDEST, fminf(x, LOUDEST));
      has_sound                   = has_sound || x != 0.0F;
      if (c < n_channels) {
        engine->sound[i * n_channels + c] = x;
      }
    }
  }
  return has_sound;
}

/// Send frames owed, as silence, so that what follows keeps its place
static void
send_owed(Engine* const engine)
{
  engine->n_owed -=
    ring_write(engine->session->to_worker, NULL, min_u32(engine->n_owed, UINT32_MAX));
}

/// Send `n` frames, or owe them if the worker has left no room
static void
send_sound(Engine* const engine, const uint32_t n)
{
  send_owed(engine);
  const uint32_t n_sent =
    engine->n_owed ? 0 : ring_write(engine->session->to_worker, engine->sent, n);
  engine->n_owed += n - n_sent;
  send_owed(engine);
}

/// Drop frames that arrived after their turn, so that the rest stays in time
static void
drop_overdue(Engine* const engine)
{
  engine->n_overdue -=
    ring_skip(engine->session->from_worker, min_u32(engine->n_overdue, UINT32_MAX));
}

/// Collect the worker's frames that are due, and return how many at the end are late
static uint32_t
collect(Engine* const engine, const uint32_t n)
{
  const uint32_t size    = engine->n_channels;
  const uint32_t n_early = min_u32(engine->n_early, n);
  Ring* const    ring    = engine->session->from_worker;

  drop_overdue(engine);
  float* const   due     = engine->wet + (size_t)n_early * size;
  const uint32_t n_ready = engine->n_overdue ? 0 : ring_read(ring, due, n - n_early);
  const uint32_t n_late  = n - n_early - n_ready;

  memset(engine->wet, 0, (size_t)n_early * size * sizeof(float));
  engine->n_early -= n_early;
  engine->n_overdue += n_late;
  return n_late;
}

static void
write_output(const Engine* const engine, const Block block)
{
  const uint32_t n_channels = engine->n_channels;
  for (uint32_t c = 0; c < n_channels; ++c) {
    for (uint32_t i = 0; i < block.n_frames; ++i) {
      // Hosts pass on what is not finite, and speakers play it
      const float x      = engine->sound[i * n_channels + c];
      block.output[c][i] = isfinite(x) ? x : 0.0F;
    }
  }
}

bool
engine_is_over(const Engine* const engine)
{
  return engine->gave_up || status_is_final(session_status(engine->session));
}

static void
count_late(Engine* const  engine,
           const uint32_t n,
           const uint32_t n_late,
           const bool     has_sound)
{
  const Session* const session  = engine->session;
  const bool           is_ready = session_status(session) == STATUS_READY;
  const bool is_ahead = ring_ready(session->from_worker) >= 2 * engine->max_frames;
  lateness_count(&engine->lateness,
                 (Outcome){n, n_late, has_sound, is_ready, is_ahead, engine->gave_up});
}

/// Process a block that there is room for
static EngineStatus
run_slice(Engine* const engine, const Block block)
{
  const Status   status = session_status(engine->session);
  const bool     dry    = engine->gave_up || status_is_failure(status);
  const uint32_t n      = block.n_frames;

  // Input first: the host may give one buffer for both directions
  const bool has_sound = interleave(engine, block);
  outbox_send(&engine->outbox, engine->session, engine->n_played);
  send_sound(engine, n);
  const uint32_t n_late = collect(engine, n);
  mixer_set_dry(engine->mixer, dry);
  mixer_run(engine->mixer, engine->sound, engine->wet, n, n - n_late, n_late);
  write_output(engine, block);

  engine->n_played += n;
  count_late(engine, n, n_late, has_sound);
  return dry              ? ENGINE_DRY
         : engine->n_owed ? ENGINE_CLOGGED
         : n_late         ? ENGINE_LATE
                          : ENGINE_OK;
}

/// Return whether a block of `n` frames can be sent and served in full
static bool
is_served(Engine* const engine, const uint32_t n)
{
  outbox_send(&engine->outbox, engine->session, engine->n_played);
  send_owed(engine);
  drop_overdue(engine);
  const uint64_t n_needed = engine->n_overdue + n - min_u32(engine->n_early, n);
  return !engine->n_owed && ring_room(engine->session->to_worker) >= n &&
         ring_ready(engine->session->from_worker) >= n_needed;
}

/// Wait until a block of `n_frames` can be served, or nothing more will come
static void
wait_for_worker(Engine* const       engine,
                const uint32_t      n_frames,
                const Limits* const limits)
{
  Session* const session = engine->session;
  Progress       last    = {0};
  uint32_t       since   = running_ms();
  while (!engine_is_over(engine) && !is_served(engine, n_frames)) {
    os_semaphore_post(session->wake);
    (void)os_semaphore_wait(session->progress, WAIT_MS);
    if (session_has_progressed(session, &last)) {
      since = running_ms();
    }
    // No worker came along where this process was forked
    engine->gave_up = session->process != os_this_process() ||
                      running_ms_since(since) > session_limit(session, limits);
  }
}

EngineStatus
engine_run(Engine* const engine, const Block block, const BlockControls* const controls)
{
  apply(engine, controls);
  EngineStatus worst = ENGINE_OK;
  for (uint32_t start = 0; start < block.n_frames; start += engine->max_frames) {
    const uint32_t n = min_u32(block.n_frames - start, engine->max_frames);
    if (controls->limits) {
      wait_for_worker(engine, n, controls->limits);
    }
    const EngineStatus status = run_slice(engine, block_slice(block, start, n));
    worst                     = status > worst ? status : worst;
  }
  return worst;
}

/* Reporting */

Status
engine_status(const Engine* const engine)
{
  const Status status  = session_status(engine->session);
  const bool   is_late = lateness_shows(&engine->lateness);
  const bool   learns  = engine->outbox.settings.settings.learn;
  if (engine->gave_up && !status_is_failure(status)) {
    return STATUS_NO_ANSWER;
  }
  if (learns && (status == STATUS_READY || status == STATUS_NO_REFERENCE)) {
    return STATUS_LEARNING;
  }
  return status == STATUS_READY && is_late ? STATUS_LATE : status;
}

uint32_t
engine_dropouts(const Engine* const engine)
{
  return engine->lateness.n_dropouts;
}

uint32_t
engine_n_learned(const Engine* const engine)
{
  return atomic_load_explicit(&engine->session->n_learned, memory_order_acquire);
}
