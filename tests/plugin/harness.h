/* SPDX-License-Identifier: GPL-3.0-or-later

   Engine and worker together, with a bridge that is written in harness.c. */

#pragma once

#include "core/engine.h"
#include "core/worker.h"

#include <stdatomic.h>
#include <stdint.h>

enum { RATE = 8000, BLOCK = 500, COLUMN = 25 };

/// What the bridge was given, and how it is to answer
typedef struct {
  _Atomic uint32_t n_loads;
  _Atomic uint32_t n_open;
  _Atomic uint32_t n_closed;
  _Atomic uint32_t n_frames;        ///< Exchanged
  _Atomic uint32_t target;          ///< Last configured
  _Atomic uint32_t quality;         ///< Last configured
  _Atomic uint32_t learn;           ///< Last configured
  _Atomic uint32_t changed_at;      ///< Frame at which it was
  _Atomic uint32_t n_refused;       ///< Calls that needed a model that is missing
  _Atomic uint32_t missing;         ///< A bit for each quality that has no model
  _Atomic uint32_t fail_change;     ///< Configuring fails, not for want of a model
  _Atomic uint32_t fail_open;       ///< A `ProblemKind`
  _Atomic uint32_t fail_at;         ///< Frame from which exchanging fails, if not 0
  _Atomic uint32_t sleep_ms;        ///< In each exchange
  _Atomic uint32_t silence_ms;      ///< In each exchange of silence from before
  _Atomic uint32_t load_ms;         ///< In each `configure`
  _Atomic uint32_t hang_at;         ///< Frame from which exchanging hangs, if not 0
  void (*_Atomic end_thread)(void); ///< What hangs ends its thread so instead
  _Atomic uint32_t n_hanging;       ///< Calls that hang now
  _Atomic uint32_t load_outcome;    ///< A `BridgeOutcome`
  _Atomic uint32_t n_bytes;         ///< Of the reference last configured
  _Atomic uint32_t no_reference;    ///< There was none when one was needed
  _Atomic uint32_t learns;          ///< A bar has been captured
  _Atomic double   quarter;         ///< Last located
  _Atomic uint32_t located_at;      ///< Frame at which it was
  _Atomic uint32_t n_columns;       ///< Taken; one for each `COLUMN` frames exchanged
  _Atomic uint32_t n_watched;       ///< Times that a stream began to make columns
  _Atomic uint32_t n_unwatched;     ///< Times that it was to stop
  _Atomic uint32_t n_summaries;     ///< Of references
  _Atomic uint32_t no_summary;      ///< Summarising fails
} Script;

extern Script script;

/// What holds for the blocks that `run` plays
extern BlockControls controls;

/// Longer than anything here takes
extern const Limits patient;

/// An engine that a worker serves
typedef struct {
  Worker* worker;
  Engine* engine;
  Scope*  scope; ///< Of the engine's session
} Harness;

/// Have the bridge answer without faults, and `run` extract the first target
void
reset_script(void);

/// Find the bridge; a `BridgeLoader`
BridgeOutcome
fake_load(const Bridge** bridge);

/// Return an engine of one channel and clips of four beats, with a scope of its own
Engine*
new_engine(void);

/// Return one that shows what it does
Engine*
new_shown_engine(Scope* scope);

/// Return a worker that serves an engine
Harness
begin(void);

/// End both
void
end(Harness harness);

/// End the engine, and return whether the worker has ended within limits
bool
end_within(Harness harness, const Limits* limits);

/// Run `n` blocks offline, of `value` everywhere; return the last output sample
float
run(Engine* engine, int n, float value);

/// Run `n` blocks of sound, waiting up to `limits` in each unless that is NULL
void
play_blocks(Harness harness, int n, const Limits* limits);

/// Run a block of `value` everywhere, waiting up to `limits` unless that is NULL
EngineStatus
run_block(Engine* engine, float value, const Limits* limits);

/// Choose another target, by another model, from the next block on
void
choose(uint32_t target, uint32_t quality);
