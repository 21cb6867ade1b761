/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How the delay is made up.  The stream's part must cover its longest clip,
   context and crossfade (4.54 s, which `requinto_open` checks). */
static const double STREAM_LATENCY_S = 4.6;  // until Python can answer
static const double ALLOWANCE_S      = 0.75; // for it to do so
static const double CAPACITY_S       = 16.0; // of input kept while Python starts
static const double RAMP_S           = 0.01; // from one gain to another
static const double LATE_SHOWN_S     = 2.0;  // after the last late frame

enum { MAX_FRAMES = 4096, WAIT_MS = 20 };

/// How much of each sound is heard
typedef struct {
  float dry; ///< Of the delayed input
  float wet; ///< Of what the worker returned
} Gains;

struct EngineImpl {
  Session* session;    ///< Shared with the worker
  uint32_t n_channels; ///< 1 or 2
  uint32_t max_frames; ///< Frames that `sound` and `wet` have room for
  float*   sound;      ///< Interleaved input, then the same delayed
  float*   wet;        ///< Interleaved frames from the worker

  float*   dry_line; ///< The last `latency` input frames, interleaved
  uint32_t latency;  ///< Frames
  uint32_t dry_pos;  ///< Frame in `dry_line` that is the oldest

  uint64_t n_played;     ///< Frames since activation
  uint32_t n_early;      ///< Frames of silence to play before the worker's first
  uint64_t n_owed;       ///< Frames still to be sent to the worker, as silence
  uint64_t n_overdue;    ///< Frames played as silence that are still to arrive
  uint32_t n_since_late; ///< Frames since the last late one, up to `late_shown`
  uint32_t late_shown;   ///< Frames for which lateness is told
  bool     gave_up;      ///< Waited in vain

  Gains gains;      ///< Now
  Gains next_gains; ///< Where they are going
  float gain_step;  ///< Greatest change in a frame

  StreamSettings settings;     ///< Last asked for
  bool           unsent;       ///< `settings` could not be sent yet
  bool           has_settings; ///< `settings` holds something
};

static uint32_t
frames(const double seconds, const double sample_rate)
{
  return (uint32_t)ceil(seconds * sample_rate);
}

static uint32_t
least(const uint64_t a, const uint32_t b)
{
  return a < b ? (uint32_t)a : b;
}

uint32_t
engine_latency(const double sample_rate)
{
  return frames(STREAM_LATENCY_S, sample_rate) + frames(ALLOWANCE_S, sample_rate);
}

/* Life */

Engine*
engine_new(const double sample_rate, const uint32_t n_channels)
{
  Engine* const engine = (Engine*)calloc(1, sizeof(Engine));
  if (!engine) {
    return NULL;
  }

  // Block and quantum together must fit in the allowance, or waiting would
  // need frames that have not been sent
  const uint32_t    allowance = frames(ALLOWANCE_S, sample_rate);
  const uint32_t    quantum   = least(allowance / 4 + 1, MAX_FRAMES);
  const StreamSetup setup     = {
        sample_rate, n_channels, frames(STREAM_LATENCY_S, sample_rate)};

  engine->n_channels   = n_channels;
  engine->max_frames   = quantum;
  engine->latency      = engine_latency(sample_rate);
  engine->n_early      = allowance;
  engine->late_shown   = frames(LATE_SHOWN_S, sample_rate);
  engine->n_since_late = engine->late_shown;
  engine->gain_step    = (float)(1.0 / (RAMP_S * sample_rate));
  engine->next_gains   = (Gains){0.0F, 1.0F};
  engine->gains        = engine->next_gains;

  engine->session = session_new(&setup, quantum, frames(CAPACITY_S, sample_rate));
  engine->sound   = (float*)calloc((size_t)quantum * n_channels, sizeof(float));
  engine->wet     = (float*)calloc((size_t)quantum * n_channels, sizeof(float));
  engine->dry_line =
    (float*)calloc((size_t)engine->latency * n_channels, sizeof(float));
  if (!engine->session || !engine->sound || !engine->wet || !engine->dry_line) {
    engine_free(engine);
    return NULL;
  }
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
    free(engine->sound);
    free(engine->wet);
    free(engine->dry_line);
    free(engine);
  }
}

Session*
engine_session(Engine* const engine)
{
  return engine->session;
}

uint32_t
engine_max_frames(const Engine* const engine)
{
  return engine->max_frames;
}

/* Settings */

void
engine_set_mix(Engine* const engine, const double amount, const OutputChoice choice)
{
  // dry + amount (wet - dry), where wet is the worker's sound or what it leaves
  const float a = (float)amount;
  engine->next_gains =
    choice == OUTPUT_EVERYTHING_ELSE ? (Gains){1.0F, -a} : (Gains){1.0F - a, a};
  if (!engine->n_played) {
    engine->gains = engine->next_gains;
  }
}

/// Send settings that are waiting for room
static void
send_settings(Engine* const engine)
{
  const Message message = {engine->n_played, engine->settings};
  if (engine->unsent && ring_write(engine->session->messages, &message, 1)) {
    engine->unsent = false;
  }
}

void
engine_set_stream(Engine* const engine, const StreamSettings* const settings)
{
  const StreamSettings* const old = &engine->settings;
  if (!engine->has_settings || settings->target != old->target ||
      settings->quality != old->quality || settings->beat_source != old->beat_source ||
      fabs(settings->tempo_bpm - old->tempo_bpm) > 1e-9) {
    engine->settings     = *settings;
    engine->has_settings = true;
    engine->unsent       = true;
  }
  send_settings(engine);
}

/* Sound */

static void
interleave(Engine* const engine, const Block* const block)
{
  for (uint32_t c = 0; c < engine->n_channels; ++c) {
    for (uint32_t i = 0; i < block->n_frames; ++i) {
      // One bad sample would spoil everything the network hears with it
      const float x                             = block->input[c][i];
      engine->sound[i * engine->n_channels + c] = isfinite(x) ? x : 0.0F;
    }
  }
}

/// Send frames owed, as silence, so that what follows keeps its place
static void
send_owed(Engine* const engine)
{
  engine->n_owed -=
    ring_write_zeros(engine->session->to_worker, least(engine->n_owed, UINT32_MAX));
}

/// Send `n` frames, or owe them if the worker has left no room
static void
send_sound(Engine* const engine, const uint32_t n)
{
  send_owed(engine);
  const uint32_t n_sent =
    engine->n_owed ? 0 : ring_write(engine->session->to_worker, engine->sound, n);
  engine->n_owed += n - n_sent;
  send_owed(engine);
}

/// Exchange a frame of `sound` with the one that entered `latency` frames ago
static void
delay(Engine* const engine, float* const frame)
{
  float* const oldest = engine->dry_line + (size_t)engine->dry_pos * engine->n_channels;
  for (uint32_t c = 0; c < engine->n_channels; ++c) {
    const float newest = frame[c];
    frame[c]           = oldest[c];
    oldest[c]          = newest;
  }
  engine->dry_pos = engine->dry_pos + 1 < engine->latency ? engine->dry_pos + 1 : 0;
}

static float
approach(const float now, const float goal, const float step)
{
  return goal > now ? fminf(now + step, goal) : fmaxf(now - step, goal);
}

/// Move the gains by a frame
static void
ramp(Engine* const engine, const Gains goal)
{
  const float step  = engine->gain_step;
  engine->gains.dry = approach(engine->gains.dry, goal.dry, step);
  engine->gains.wet = approach(engine->gains.wet, goal.wet, step);
}

/// Drop what arrived too late to be heard, so the rest stays in time
static void
drop_overdue(Engine* const engine)
{
  engine->n_overdue -=
    ring_skip(engine->session->from_worker, least(engine->n_overdue, UINT32_MAX));
}

/// Collect the worker's frames that are due, and return how many were late
static uint32_t
collect(Engine* const engine, const uint32_t n)
{
  const uint32_t size    = engine->n_channels;
  const uint32_t n_early = least(engine->n_early, n);
  Ring* const    ring    = engine->session->from_worker;

  drop_overdue(engine);
  float* const   due     = engine->wet + (size_t)n_early * size;
  const uint32_t n_ready = engine->n_overdue ? 0 : ring_read(ring, due, n - n_early);
  const uint32_t n_late  = n - n_early - n_ready;

  memset(engine->wet, 0, (size_t)n_early * size * sizeof(float));
  memset(due + (size_t)n_ready * size, 0, (size_t)n_late * size * sizeof(float));
  engine->n_early -= n_early;
  engine->n_overdue += n_late;
  return n_late;
}

/// Fill the block's output with the delayed input and the worker's sound
static void
mix(Engine* const engine, const Block* const block, const Gains goal)
{
  const uint32_t n_channels = engine->n_channels;
  for (uint32_t i = 0; i < block->n_frames; ++i) {
    float* const frame = engine->sound + (size_t)i * n_channels;
    delay(engine, frame);
    ramp(engine, goal);
    for (uint32_t c = 0; c < n_channels; ++c) {
      block->output[c][i] = engine->gains.dry * frame[c] +
                            engine->gains.wet * engine->wet[i * n_channels + c];
    }
  }
}

/// Return whether nothing more will come from the worker
static bool
is_over(const Engine* const engine)
{
  return engine->gave_up || status_is_final(session_status(engine->session));
}

static bool
is_dry(const Engine* const engine)
{
  return engine->gave_up || status_is_failure(session_status(engine->session));
}

EngineStatus
engine_run(Engine* const engine, const Block* const block)
{
  static const Gains dry_only = {1.0F, 0.0F};

  const uint32_t n   = block->n_frames;
  const bool     dry = is_dry(engine);

  // Input first: the host may give one buffer for both directions
  interleave(engine, block);
  send_settings(engine);
  send_sound(engine, n);
  const uint32_t n_late = collect(engine, n);
  mix(engine, block, dry ? dry_only : engine->next_gains);

  engine->n_played += n;
  engine->n_since_late =
    n_late ? 0 : least((uint64_t)engine->n_since_late + n, engine->late_shown);

  return dry              ? ENGINE_DRY
         : engine->n_owed ? ENGINE_CLOGGED
         : n_late         ? ENGINE_LATE
                          : ENGINE_OK;
}

/* Waiting */

/// Return whether a block of `n` frames can be sent and served in full
static bool
is_served(Engine* const engine, const uint32_t n)
{
  send_settings(engine);
  send_owed(engine);
  drop_overdue(engine);
  const uint64_t n_needed = engine->n_overdue + n - least(engine->n_early, n);
  return !engine->n_owed && ring_room(engine->session->to_worker) >= n &&
         ring_ready(engine->session->from_worker) >= n_needed;
}

bool
engine_wait(Engine* const engine, const uint32_t n_frames, const uint32_t limit_ms)
{
  Session* const session = engine->session;
  uint32_t       n_ready = 0;
  uint64_t       since   = os_now_ms();
  while (!is_over(engine) && !is_served(engine, n_frames)) {
    os_semaphore_post(session->wake);
    (void)os_semaphore_wait(session->progress, WAIT_MS);

    const uint32_t n_now = ring_ready(session->from_worker);
    const uint64_t now   = os_now_ms();
    if (n_now != n_ready) {
      n_ready = n_now;
      since   = now;
    }
    engine->gave_up = now - since > limit_ms;
  }
  return !is_over(engine);
}

Status
engine_status(const Engine* const engine)
{
  const Status status = session_status(engine->session);
  if (status_is_failure(status)) {
    return status;
  }
  const bool late = engine->n_since_late < engine->late_shown;
  return engine->gave_up || (status == STATUS_READY && late) ? STATUS_LATE : status;
}
