/* SPDX-License-Identifier: GPL-3.0-or-later

   A timer of the main queue, which the main thread's loop of events serves. */

#include "os/ticker.h"

#include <dispatch/dispatch.h>

#include <stdlib.h>

struct TickerImpl {
  dispatch_source_t source;
  TickerFunc        func;
  void*             context;
};

static void
tick(void* const context)
{
  const Ticker* const ticker = (const Ticker*)context;
  ticker->func(ticker->context);
}

Ticker*
ticker_start(const uint32_t period_ms, const TickerFunc func, void* const context)
{
  Ticker* const           ticker = (Ticker*)calloc(1, sizeof(Ticker));
  const dispatch_source_t source =
    ticker ? dispatch_source_create(
               DISPATCH_SOURCE_TYPE_TIMER, 0, 0, dispatch_get_main_queue())
           : NULL;
  if (!source) {
    free(ticker);
    return NULL;
  }
  *ticker              = (Ticker){source, func, context};
  const uint64_t nanos = (uint64_t)period_ms * NSEC_PER_MSEC;
  dispatch_set_context(source, ticker);
  dispatch_source_set_event_handler_f(source, tick);
  dispatch_source_set_timer(
    source, dispatch_time(DISPATCH_TIME_NOW, (int64_t)nanos), nanos, nanos / 10);
  dispatch_resume(source);
  return ticker;
}

void
ticker_stop(Ticker* const ticker)
{
  if (ticker) {
    dispatch_source_cancel(ticker->source); // on this thread, so nothing comes after it
    dispatch_release(ticker->source);
    free(ticker);
  }
}
