/* SPDX-License-Identifier: GPL-3.0-or-later

   What calls a view: the host's loop of events on Linux, the system's elsewhere.

   Main thread only. */

#pragma once

#include "os/ticker.h"
#include "vst3/vst3.h"

#include <stdbool.h>
#include <stdint.h>

/// Do what is due; `ticks` is false where a descriptor can be read
typedef void (*Vst3RunLoopFunc)(void* owner, bool ticks);

/// A part of a view, of which the host may hold pointers to the first two fields
typedef struct {
  const struct v3_event_handler* events;
  const struct v3_timer_handler* timer;
  struct v3_funknown**           owner; ///< The view, for references and interfaces
  Vst3RunLoopFunc                func;

  /* From `take` to `leave` */
  struct v3_run_loop** loop;    ///< The host's, a reference; NULL for the system's
  Ticker*              ticker;  ///< The system's
  bool                 listens; ///< The host watches a descriptor
  bool                 times;   ///< The host's timer runs
} Vst3RunLoop;

/// Return one that nothing calls, of a view
Vst3RunLoop
vst3_run_loop(struct v3_funknown** owner, Vst3RunLoopFunc func);

/// Take the system's loop, or the host's from its frame, which may be NULL; return
/// false if there is neither
bool
vst3_run_loop_take(Vst3RunLoop*             run_loop,
                   struct v3_plugin_frame** frame,
                   uint32_t                 period_ms);

/// Have the host call, too, when a descriptor can be read, if there is one; return
/// false if it refuses to call at all
bool
vst3_run_loop_start(Vst3RunLoop* run_loop, int descriptor, uint32_t period_ms);

/// Have nothing called any more
void
vst3_run_loop_leave(Vst3RunLoop* run_loop);
