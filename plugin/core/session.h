/* SPDX-License-Identifier: GPL-3.0-or-later

   What the engine and the worker share from one activation to its end.

   Each activation has its own, because the worker may still be inside Python
   for the one before, and nothing may wait for it. */

#pragma once

#include "core/references.h"
#include "core/ring.h"
#include "core/scope.h"
#include "core/status.h"
#include "os/os.h"
#include "python/bridge_table.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// What a message brings
typedef enum { MESSAGE_SETTINGS, MESSAGE_POSITION } MessageKind;

/// A message to the worker, and the frame since activation from which it holds
typedef struct {
  uint64_t    at_frame;
  MessageKind kind;
  union {
    struct {
      StreamSettings settings;
      uint32_t       revision; ///< Of the references
    };
    HostPosition position;
  };
} Message;

/// Owned by both sides; the last to leave frees it
typedef struct {
  StreamSetup      setup;       ///< Never changes
  uint32_t         quantum;     ///< Frames the worker exchanges at a time
  uint32_t         latency;     ///< Frames, of the plugin; set before it is served
  References*      references;  ///< What targets there are
  Scope*           scope;       ///< What a window shows
  Ring*            to_worker;   ///< Interleaved frames, with those of the sidechain
  Ring*            from_worker; ///< As many frames, later
  Ring*            messages;    ///< `Message`s, to the worker
  OsSemaphore*     wake;        ///< Posted by an engine that waits
  OsSemaphore*     progress;    ///< Posted by the worker after each step
  _Atomic uint32_t status;      ///< A `Status`, stored by the worker
  _Atomic uint32_t n_steps;     ///< Exchanges, also of silence, counted by the worker
  _Atomic uint32_t n_learned;   ///< References learnt, counted by the worker
  atomic_bool      ended;       ///< The engine has left
  uint32_t         process;     ///< In which it was made: never changes
  atomic_uint      n_owners;
} Session;

/// How many frames of sound may wait for the other side
typedef struct {
  uint32_t to_worker;
  uint32_t from_worker; ///< At least a block of the host, and a quantum
} Capacity;

/// Return a session with one owner, or NULL
Session*
session_new(const StreamSetup* setup,
            References*        references,
            Scope*             scope,
            uint32_t           quantum,
            const Capacity*    capacity);

/// Become another owner of the session, and return it; NULL is passed through
Session*
session_share(Session* session);

/// Leave the session; may be NULL.  Not the audio thread.
void
session_leave(Session* session);

/// Return a `Status`.  Any thread.
Status
session_status(const Session* session) REALTIME;

/// Store a `Status`.  Worker thread only.
void
session_report(Session* session, Status status);

/// Count a step, and wake an engine that waits for it.  Worker thread only.
void
session_advance(Session* session);

/**
   How long to wait for a worker that makes no progress, in milliseconds.

   A step takes a fraction of a second, so a worker that answers no sooner hangs.
   Python, TensorFlow and the model may take many seconds to load, on a cold disk.
*/
typedef struct {
  uint32_t working;
  uint32_t loading; ///< Until the worker has loaded what it needs
} Limits;

/// Return the limit that holds now.  Any thread.
uint32_t
session_limit(const Session* session, const Limits* limits);

/// How far a worker has come
typedef struct {
  uint32_t n_steps; ///< That it has taken
  Status   status;
} Progress;

/// Return whether the worker has come further than `last`, and update that.  Any
/// thread.
bool
session_has_progressed(const Session* session, Progress* last);
