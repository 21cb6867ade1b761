/* SPDX-License-Identifier: GPL-3.0-or-later

   Exchange one block with the worker, at a constant delay. */

#ifndef REQUINTO_CORE_ENGINE_H
#define REQUINTO_CORE_ENGINE_H

#include "core/params.h"
#include "core/references.h"
#include "core/session.h"
#include "core/transport.h"
#include "os/attributes.h"

#include <stdbool.h>
#include <stdint.h>

enum { ENGINE_MIN_RATE = 8000, ENGINE_MAX_RATE = 384000 }; ///< Hz

/// What does not change while an engine lives
typedef struct {
  double      sample_rate; ///< Hz, from `ENGINE_MIN_RATE` to `ENGINE_MAX_RATE`
  uint32_t    n_channels;  ///< 1 or 2
  uint32_t    n_sidechain; ///< 0 to 2: channels of a second input to learn from
  ClipChoice  clip;        ///< How much is separated at a time
  References* references;  ///< Shared
} EngineSetup;

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
  const float* const* sidechain; ///< NULL where there is none now
  float* const*       output;
  uint32_t            n_frames; ///< At most `engine_max_frames`
} Block;

/// Everything the audio thread touches
typedef struct EngineImpl Engine;

/// Return the delay of the output in frames, which depends on nothing else
uint32_t
engine_latency(double sample_rate, ClipChoice clip);

/// Return an engine for one activation, or NULL.  Main thread only.
Engine*
engine_new(const EngineSetup* setup);

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
   Choose what is heard of the sound that comes in from now on.  Audio thread only.

   @param amount From 0, the delayed input, to 1, the choice alone.
   @param at_once Let what came in before be heard so too.
*/
void
engine_set_mix(Engine*      engine,
               double       amount,
               OutputChoice choice,
               bool         at_once) REALTIME;

/// Choose what the worker does from the next frame on.  Audio thread only.
void
engine_set_stream(Engine* engine, const StreamSettings* settings) REALTIME;

/**
   Tell where the host is at the first frame of the next block.  Audio thread only.

   After a jump, what came in before it is silenced with a short fade.

   @param transport NULL where the host says nothing.
*/
void
engine_set_transport(Engine* engine, const Transport* transport) REALTIME;

/// Silence what came in before the next frame, at once.  Audio thread only.
void
engine_restart(Engine* engine) REALTIME;

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

   For offline rendering: blocks.  Gives up, for the rest of the activation, where
   the worker has made no progress until a limit, while the process ran, or has none in
   a fork: the status tells that, and each block that lacks its sound is a dropout.
   Returns false then, and when the worker itself has given up.  Audio thread only,
   never with Python's lock held.
*/
bool
engine_wait(Engine* engine, uint32_t n_frames, const Limits* limits);

/// Return what to tell the user.  Audio thread only.
Status
engine_status(const Engine* engine) REALTIME;

/// Return how many blocks were late once the worker had kept up, or lack their sound
/// because it was waited for in vain.  Audio thread only.
uint32_t
engine_dropouts(const Engine* engine) REALTIME;

/// Return how many references were learnt since activation.  Audio thread only.
uint32_t
engine_learned(const Engine* engine) REALTIME;

/// Return whether the host's position moves.  Audio thread only.
bool
engine_is_rolling(const Engine* engine) REALTIME;

#endif
