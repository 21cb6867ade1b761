/* SPDX-License-Identifier: GPL-3.0-or-later

   Exchange one block with the worker, at a constant delay. */

#pragma once

#include "core/block.h"
#include "core/clip.h"
#include "core/params.h"
#include "core/references.h"
#include "core/scope.h"
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
  Scope*      scope;       ///< Shared
} EngineSetup;

/// What happened during a block: the worst of its frames
typedef enum {
  ENGINE_OK,      ///< Every frame due came from the worker
  ENGINE_LATE,    ///< Some frames were not ready and are silent
  ENGINE_CLOGGED, ///< The worker does not read; it will be sent silence instead
  ENGINE_DRY      ///< The worker has failed; the delayed input passes
} EngineStatus;

/// What holds from the first frame of a block on
typedef struct {
  const Transport* transport; ///< Where the host is; NULL if it does not say
  StreamSettings   stream;    ///< What the worker does
  double           amount;    ///< From 0, the delayed input, to 1, `output` alone
  OutputChoice     output;    ///< Which of the two sounds is the output
  bool             compares;  ///< The delayed input goes out, as loud as the output
  bool             restarts;  ///< What came in before is silenced at once
  bool          is_offline; ///< The host renders: a block may take longer than it lasts
  const Limits* limits;     ///< To wait for the worker; NULL: it is not waited for
} BlockControls;

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

/**
   Send one block to the worker and fill its output with finished sound.

   A frame that is not ready when its turn comes is taken as silence, and is
   discarded when it arrives, so the delay never changes.  After a jump of the host's
   position, what came in before it is silenced with a short fade.

   With limits, for offline rendering, it blocks until the sound is there.  It gives
   up, for the rest of the activation, where the worker has made no progress until a
   limit, while the process ran, or has none in a fork: the status shows that, and each
   block that lacks its sound is a dropout.  Never with Python's lock held.

   Audio thread only.  Without limits it does not block, allocate, or log.

   @param block Of any size, with the channels of the setup.
*/
EngineStatus
engine_run(Engine* engine, Block block, const BlockControls* controls) REALTIME;

/// Return whether nothing more will come from the worker.  Audio thread only.
bool
engine_is_over(const Engine* engine) REALTIME;

/// Return the status to show the user.  Audio thread only.
Status
engine_status(const Engine* engine) REALTIME;

/// Return how many blocks were late once the worker had kept up, or lack their sound
/// because waiting for it has timed out.  Audio thread only.
uint32_t
engine_dropouts(const Engine* engine) REALTIME;

/// Return how many references were learnt since activation.  Audio thread only.
uint32_t
engine_n_learned(const Engine* engine) REALTIME;
