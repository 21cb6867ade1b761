/* SPDX-License-Identifier: GPL-3.0-or-later

   Exchange one block with the worker, at a constant delay. */

#ifndef REQUINTO_ENGINE_H
#define REQUINTO_ENGINE_H

#include "params.h"
#include "realtime.h"
#include "session.h"

#include <stdbool.h>
#include <stdint.h>

enum { ENGINE_MIN_RATE = 8000, ENGINE_MAX_RATE = 384000 }; ///< Hz

/// What happened during a block
typedef enum {
  ENGINE_OK,      ///< Every frame due came from the worker
  ENGINE_LATE,    ///< Some frames were not ready and are silent
  ENGINE_CLOGGED, ///< The worker does not read; it will be sent silence instead
  ENGINE_DRY      ///< The worker has failed; the delayed input passes
} EngineStatus;

/// One block of sound, a pointer for each channel; the directions may overlap
typedef struct {
  const float* const* input;
  float* const*       output;
  uint32_t            n_frames; ///< At most `engine_max_frames`
} Block;

/// Everything the audio thread touches
typedef struct EngineImpl Engine;

/// Return the delay of the output in frames, which depends on nothing else
uint32_t
engine_latency(double sample_rate);

/**
   Return an engine for one activation, or NULL.  Main thread only.

   @param sample_rate In Hz, from `ENGINE_MIN_RATE` to `ENGINE_MAX_RATE`.
   @param n_channels 1 or 2.
*/
Engine*
engine_new(double sample_rate, uint32_t n_channels);

/// Free an engine; the worker may outlive it.  May be NULL.  Main thread only.
void
engine_free(Engine* engine);

/// Return what the engine shares with the worker.  Main thread only.
Session*
engine_session(Engine* engine);

/// Return the largest block that `engine_run` takes, in frames.  Any thread.
uint32_t
engine_max_frames(const Engine* engine) REALTIME;

/**
   Choose what is heard.  Audio thread only.

   @param amount From 0, the delayed input, to 1, the choice alone.
*/
void
engine_set_mix(Engine* engine, double amount, OutputChoice choice) REALTIME;

/// Choose what the worker does from the next frame on.  Audio thread only.
void
engine_set_stream(Engine* engine, const StreamSettings* settings) REALTIME;

/**
   Send one block to the worker and fill its output with finished sound.

   A frame that is not ready when its turn comes is taken as silence, and is
   discarded when it arrives, so the delay never changes.

   Audio thread only.  Does not block, allocate, or log.
*/
EngineStatus
engine_run(Engine* engine, const Block* block) REALTIME;

/**
   Wait until `engine_run` can serve `n_frames` without being late.

   For offline rendering: blocks.  Gives up, for the rest of the activation,
   after `limit_ms` without progress, and returns false; also when the worker
   has given up.  Audio thread only, never with Python's lock held.
*/
bool
engine_wait(Engine* engine, uint32_t n_frames, uint32_t limit_ms);

/// Return what to tell the user.  Audio thread only.
Status
engine_status(const Engine* engine) REALTIME;

#endif
