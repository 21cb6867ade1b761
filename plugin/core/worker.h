/* SPDX-License-Identifier: GPL-3.0-or-later

   Own the thread that carries frames between the rings and the bridge. */

#pragma once

#include "core/service.h"
#include "core/session.h"

#include <stdbool.h>

/// A thread, and the session it serves
typedef struct WorkerImpl Worker;

/// Return a worker whose thread has not started, or NULL.  Main thread only.
Worker*
worker_new(BridgeLoader load);

/**
   Serve another session from now on, or none if `session` is NULL.

   Does not wait for the one before, even if the worker is inside Python for
   it.  Returns false if the thread cannot start.  Main thread only.
*/
bool
worker_serve(Worker* worker, Session* session);

/**
   End the worker, and return whether its thread has ended.

   What it is doing is waited for until a limit, counted from when it began that,
   while the process ran.  After the limit it will end, and free what it holds, when
   Python lets it go.
   The caller must not hold Python's lock.  Main thread only.
*/
bool
worker_free(Worker* worker, const Limits* limits);
