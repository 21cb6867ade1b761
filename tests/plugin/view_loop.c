/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "view_loop.h"

#include "check.h"
#include "play.h"

#include <math.h>
#include <poll.h>

enum { MAX_SOURCES = 32 };

/// A descriptor or a timer; free if it has no function
typedef struct {
  ViewLoopFunc func;
  void*        context;
  int          descriptor; ///< -1 for a timer
  double       period_ms;
  double       due_ms; ///< Of a timer
} Source;

static Source sources[MAX_SOURCES];

static uint32_t
add(const Source source)
{
  for (uint32_t i = 0; i < MAX_SOURCES; ++i) {
    if (!sources[i].func) {
      sources[i] = source;
      return i + 1;
    }
  }
  CHECK(!"there is room");
  return 0;
}

void
view_loop_watch(const int descriptor, const ViewLoopFunc func, void* const context)
{
  CHECK(descriptor >= 0 && context);
  (void)add((Source){.func = func, .context = context, .descriptor = descriptor});
}

uint32_t
view_loop_start(const uint32_t period_ms, const ViewLoopFunc func, void* const context)
{
  const double period = (double)period_ms;
  CHECK(period_ms > 0 && context);
  return add((Source){func, context, -1, period, play_now_ms() + period});
}

static int
remove_all(const void* const context, const int is_timer)
{
  int n = 0;
  for (int i = 0; i < MAX_SOURCES; ++i) {
    Source* const source = &sources[i];
    if (source->func && source->context == context &&
        (source->descriptor < 0) == is_timer) {
      *source = (Source){0};
      ++n;
    }
  }
  return n;
}

int
view_loop_ignore(const void* const context)
{
  return remove_all(context, 0);
}

int
view_loop_stop(const void* const context)
{
  return remove_all(context, 1);
}

int
view_loop_count(void)
{
  int n = 0;
  for (int i = 0; i < MAX_SOURCES; ++i) {
    n += sources[i].func != 0;
  }
  return n;
}

/// Wait until a descriptor can be read or a time has come
static void
wait_until(struct pollfd polled[MAX_SOURCES], const double end_ms)
{
  double next_ms = end_ms;
  for (int i = 0; i < MAX_SOURCES; ++i) {
    const Source* const source     = &sources[i];
    const int           is_watched = source->func && source->descriptor >= 0;
    polled[i] = (struct pollfd){is_watched ? source->descriptor : -1, POLLIN, 0};
    if (source->func && source->descriptor < 0) {
      next_ms = fmin(next_ms, source->due_ms);
    }
  }
  const double wait_ms = ceil(fmax(next_ms - play_now_ms(), 0.0));
  (void)poll(polled, MAX_SOURCES, (int)wait_ms);
}

void
view_loop_run(const double duration_ms)
{
  const double end_ms = play_now_ms() + duration_ms;
  do {
    struct pollfd polled[MAX_SOURCES];
    wait_until(polled, end_ms);
    for (int i = 0; i < MAX_SOURCES; ++i) {
      const Source source = sources[i]; // one call may remove another's source
      const double now_ms = play_now_ms();
      if (source.func && source.descriptor < 0 && source.due_ms <= now_ms) {
        sources[i].due_ms = fmax(source.due_ms + source.period_ms, now_ms);
        source.func(source.context, -1);
      } else if (source.func && source.descriptor >= 0 &&
                 source.descriptor == polled[i].fd && polled[i].revents) {
        source.func(source.context, source.descriptor);
      }
    }
  } while (play_now_ms() < end_ms);
}
