/* SPDX-License-Identifier: GPL-3.0-or-later

   On Linux the host has the only loop of events. */

#include "os/ticker.h"

#include <stddef.h>

Ticker*
ticker_start(const uint32_t period_ms, const TickerFunc func, void* const context)
{
  (void)period_ms;
  (void)func;
  (void)context;
  return NULL;
}

void
ticker_stop(Ticker* const ticker)
{
  (void)ticker;
}
