/* SPDX-License-Identifier: GPL-3.0-or-later

   Carry the frames of one session between its rings and the bridge. */

#ifndef REQUINTO_JOB_H
#define REQUINTO_JOB_H

#include "door.h"
#include "session.h"

#include <stdbool.h>
#include <stdint.h>

/// The functions of bridge.h, wherever they come from
typedef struct {
  uint32_t (*open)(const StreamSetup* setup);
  uint32_t (*configure)(uint32_t              stream,
                        const StreamSettings* settings,
                        const Reference*      reference);
  uint32_t (*locate)(uint32_t stream, const HostPosition* position);
  uint32_t (*exchange)(uint32_t stream, const Passage* passage);
  uint32_t (*learned)(uint32_t stream, unsigned char* bytes, uint32_t n_bytes);
  uint32_t (*close)(uint32_t stream);
  uint32_t (*problem)(char* text, uint32_t n_bytes);
} Bridge;

/**
   Find the bridge; return `STATUS_READY`, or why there is none.

   Called on the worker thread, when the first sound comes; may take seconds.
*/
typedef Status (*BridgeLoader)(const Bridge** bridge);

/// A session being served; the worker thread's alone
typedef struct {
  Session*       session;    ///< NULL while there is none
  const Bridge*  bridge;     ///< NULL until the first sound
  uint32_t       stream;     ///< 0 until the first sound
  uint64_t       n_received; ///< Frames since activation
  StreamSettings settings;
  uint32_t       revision; ///< Of the references, when they were looked at last
  HostPosition   position; ///< Last heard of
  uint64_t       located;  ///< Frame for which it holds
  float*         input;    ///< Room for a quantum, with the sidechain
  float*         output;   ///< Room for a quantum
} Job;

/// Begin to serve a session, or none if it is NULL.  Worker thread only.
void
job_begin(Job* job, Session* session);

/**
   Serve the session for up to a quantum; return false if nothing can be done now.

   May load the bridge, which takes seconds.  Worker thread only.
*/
bool
job_work(Job* job, BridgeLoader load);

/// Leave the session and free what serving it took.  Worker thread only.
void
job_end(Job* job);

/// The same without Python, for a job whose thread does not run any more.
void
job_drop(Job* job);

#endif
