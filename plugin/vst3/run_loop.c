/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3/run_loop.h"

#include <stddef.h>

/// The part of a view that a pointer to one of its interfaces belongs to
#define RUN_LOOP_OF(self, field)                                                       \
  ((Vst3RunLoop*)(void*)((char*)(self)-offsetof(Vst3RunLoop, field)))

static v3_result
query(const Vst3RunLoop* const run_loop, const v3_tuid iid, void** const object)
{
  return (*run_loop->owner)->query_interface((void*)run_loop->owner, iid, object);
}

static uint32_t
add_reference(const Vst3RunLoop* const run_loop)
{
  return (*run_loop->owner)->ref((void*)run_loop->owner);
}

static uint32_t
drop_reference(const Vst3RunLoop* const run_loop)
{
  return (*run_loop->owner)->unref((void*)run_loop->owner);
}

VST3_DEFINE_UNKNOWN_OF(RUN_LOOP_OF, events, query, add_reference, drop_reference)
VST3_DEFINE_UNKNOWN_OF(RUN_LOOP_OF, timer, query, add_reference, drop_reference)

static void V3_API
on_fd_is_set(void* const self, const int fd)
{
  (void)fd;
  const Vst3RunLoop* const run_loop = RUN_LOOP_OF(self, events);
  run_loop->func((void*)run_loop->owner, false);
}

static void V3_API
on_timer(void* const self)
{
  const Vst3RunLoop* const run_loop = RUN_LOOP_OF(self, timer);
  run_loop->func((void*)run_loop->owner, true);
}

/// The same from the system's loop
static void
on_tick(void* const context)
{
  const Vst3RunLoop* const run_loop = (const Vst3RunLoop*)context;
  run_loop->func((void*)run_loop->owner, true);
}

Vst3RunLoop
vst3_run_loop(struct v3_funknown** const owner, const Vst3RunLoopFunc func)
{
  static const struct v3_event_handler events = {.query_interface = events_query,
                                                 .ref             = events_ref,
                                                 .unref           = events_unref,
                                                 .on_fd_is_set    = on_fd_is_set};
  static const struct v3_timer_handler timer  = {.query_interface = timer_query,
                                                 .ref             = timer_ref,
                                                 .unref           = timer_unref,
                                                 .on_timer        = on_timer};
  return (Vst3RunLoop){
    .events = &events, .timer = &timer, .owner = owner, .func = func};
}

bool
vst3_run_loop_take(Vst3RunLoop* const             run_loop,
                   struct v3_plugin_frame** const frame,
                   const uint32_t                 period_ms)
{
  run_loop->ticker = ticker_start(period_ms, on_tick, run_loop);
  if (run_loop->ticker) {
    return true;
  }
  void* loop = NULL;
  if (frame && (*frame)->query_interface(frame, v3_run_loop_iid, &loop) == V3_OK) {
    run_loop->loop = (struct v3_run_loop**)loop;
  }
  return run_loop->loop;
}

bool
vst3_run_loop_start(Vst3RunLoop* const run_loop,
                    const int          descriptor,
                    const uint32_t     period_ms)
{
  struct v3_run_loop** const loop = run_loop->loop;
  if (run_loop->ticker) {
    return true;
  }
  run_loop->times =
    (*loop)->register_timer(loop, (void*)&run_loop->timer, period_ms) == V3_OK;
  // Without the other the timer will do
  run_loop->listens = run_loop->times && descriptor >= 0 &&
                      (*loop)->register_event_handler(
                        loop, (void*)&run_loop->events, descriptor) == V3_OK;
  return run_loop->times;
}

void
vst3_run_loop_leave(Vst3RunLoop* const run_loop)
{
  struct v3_run_loop** const loop = run_loop->loop;
  ticker_stop(run_loop->ticker);
  run_loop->ticker = NULL;
  run_loop->loop   = NULL;
  if (!loop) {
    return;
  }
  if (run_loop->listens) {
    (*loop)->unregister_event_handler(loop, (void*)&run_loop->events);
  }
  if (run_loop->times) {
    (*loop)->unregister_timer(loop, (void*)&run_loop->timer);
  }
  run_loop->listens = false;
  run_loop->times   = false;
  (*loop)->unref(loop);
}
