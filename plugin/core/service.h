/* SPDX-License-Identifier: GPL-3.0-or-later

   Carry the frames of one session between its rings and the bridge. */

#pragma once

#include "core/scope_feed.h"
#include "core/session.h"
#include "python/bridge_table.h"

#include <stdbool.h>
#include <stdint.h>

/// A session being served; the worker thread's alone
typedef struct {
  Session*       session;    ///< NULL while there is none
  const Bridge*  bridge;     ///< NULL until the first sound
  uint32_t       stream;     ///< 0 until the first sound
  uint64_t       n_received; ///< Frames since activation
  StreamSettings settings;
  uint32_t       revision; ///< Of the references, when they were looked at last
  HostPosition   position; ///< Of the host, as the last message said
  uint64_t       located;  ///< Frame for which it holds
  ScopeFeed      feed;     ///< Of a window
  float*         input;    ///< Room for a quantum, with the sidechain
  float*         output;   ///< Room for a quantum
} Service;

/// Begin to serve a session, or none if it is NULL.  Worker thread only.
void
service_begin(Service* service, Session* session);

/**
   Serve the session for up to a quantum; return false if nothing can be done now.

   May load the bridge, which takes seconds.  Worker thread only.
*/
bool
service_work(Service* service, BridgeLoader load);

/// Leave the session and free what serving it took.  Worker thread only.
void
service_end(Service* service);

/// The same without Python, for a service whose thread does not run any more.
void
service_drop(Service* service);
