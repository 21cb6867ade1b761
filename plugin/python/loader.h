/* SPDX-License-Identifier: GPL-3.0-or-later

   Find Python, start it where the host has none, and load the bridge. */

#pragma once

#include "python/bridge_table.h"

#include <stdbool.h>

/// The longest that an instance waits for Python, its libraries and a model, which
/// have taken 40 s to load from a cold disk on an idle machine
enum { PYTHON_LOAD_LIMIT_MS = 180000 };

/// Python's lock, given up for a while by a thread that may have held it
typedef struct {
  void* thread_state; ///< NULL if the thread did not hold it
} ReleasedLock;

/**
   Find the bridge, starting Python if the host has not; a `BridgeLoader`.

   The first call does the work, which may take seconds; the others share its
   result.  Fails at once in a process forked after that.  Worker threads only.
*/
BridgeOutcome
python_load_bridge(const Bridge** bridge);

/// Return whether Python runs in this process.  Main thread only.
bool
python_is_there(void);

/**
   Return whether the calling thread holds Python's lock.

   False where there is no Python.  Looks up symbols, so not in real time.
*/
bool
python_holds_lock(void);

/**
   Keep the calling thread from returning to a Python that ends it; else return at once.

   Such are the threads of a host that is Python, other than the one that ends it.
*/
void
python_hold_thread(void);

/// Give up Python's lock if the calling thread holds it, to wait for another
ReleasedLock
python_release_lock(void);

/// Take back what `python_release_lock` gave up, on the same thread
void
python_retake_lock(ReleasedLock released);
