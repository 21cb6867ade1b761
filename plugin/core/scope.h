/* SPDX-License-Identifier: GPL-3.0-or-later

   What a window shows of the sound, on its way from the worker to the window.

   One worker thread writes, and one window reads.  Without a window no columns are made
   or summaries asked for, and before the first one there is no room for columns; the
   audio thread has no part in it. */

#pragma once

#include "os/attributes.h"
#include "python/bridge_table.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  SCOPE_MAX_PROBLEM = 512, ///< Bytes of a problem's text, with its end
  SCOPE_MAX_COLUMNS = 2048 ///< That wait for the window; more are dropped
};

/// Where the stream that is shown is now
typedef struct {
  uint32_t stream;         ///< Another number for each stream; 0 before the first
  double   sample_rate;    ///< Hz
  uint32_t latency_frames; ///< By which the output trails the input
  uint64_t n_received;     ///< Frames of input that the worker has taken
  bool     is_playing;     ///< The host has a position that moves on
} ScopeClock;

/// Owned by the instance and by each session; the last to leave frees it
typedef struct ScopeImpl Scope;

/// Return a scope without a window, with one owner, or NULL
Scope*
scope_new(void);

/// Become another owner, and return it.  Not the audio thread.
Scope*
scope_share(Scope* scope);

/// Leave the scope; may be NULL.  Not the audio thread.
void
scope_leave(Scope* scope);

/* The window's side */

/// Have the worker write from now on; return false without memory, or if another window
/// has done so.  Main thread only.
bool
scope_open(Scope* scope);

/// Have it stop
void
scope_close(Scope* scope);

/// Read up to `n` columns in the order of their frames; return how many.  None is of a
/// stream before the one that the clock showed before this call
uint32_t
scope_read(Scope* scope, Column* columns, uint32_t n);

/// Return where the stream is
ScopeClock
scope_clock(Scope* scope);

/// Write the summary of the reference that is in use, and return a number that changes
/// with it; 0, and write nothing, if there is none
uint32_t
scope_reference(Scope* scope, ReferenceSummary* summary);

/// Write why the last call of Python did nothing, or ""
void
scope_problem(Scope* scope, char text[SCOPE_MAX_PROBLEM]);

/* The worker's side */

/// Return whether a window is open
bool
scope_is_open(const Scope* scope);

/// Begin with another stream, which has no problem yet
void
scope_begin(Scope* scope, double sample_rate, uint32_t latency_frames);

/// Say where the stream is now
void
scope_advance(Scope* scope, uint64_t n_received, bool is_playing);

/// Add columns; those that there is no room for are dropped
void
scope_write(Scope* scope, const Column* columns, uint32_t n);

/// Replace the summary of the reference; NULL for none
void
scope_set_reference(Scope* scope, const ReferenceSummary* summary);

/// Replace the text of the problem; "" for none
void
scope_set_problem(Scope* scope, const char* text);
