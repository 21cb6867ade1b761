/* SPDX-License-Identifier: GPL-3.0-or-later

   A timer of Windows: of a window that receives messages only, since one without a
   window could not say for whom it is. */

#include "os/ticker.h"

#include <windows.h>

#include <stdlib.h>

struct TickerImpl {
  HWND       window;
  TickerFunc func;
  void*      context;
};

static void CALLBACK
tick(const HWND window, const UINT message, const UINT_PTR id, const DWORD time)
{
  (void)window;
  (void)message;
  (void)time;
  const Ticker* const ticker = (const Ticker*)id;
  ticker->func(ticker->context);
}

Ticker*
ticker_start(const uint32_t period_ms, const TickerFunc func, void* const context)
{
  Ticker* const ticker = (Ticker*)calloc(1, sizeof(Ticker));
  const HWND    window =
    ticker ? CreateWindowExW(
               0, L"STATIC", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL)
              : NULL;
  if (!window) {
    free(ticker);
    return NULL;
  }
  *ticker = (Ticker){window, func, context};
  if (!SetTimer(window, (UINT_PTR)ticker, period_ms, tick)) {
    ticker_stop(ticker);
    return NULL;
  }
  return ticker;
}

void
ticker_stop(Ticker* const ticker)
{
  if (ticker) {
    KillTimer(ticker->window, (UINT_PTR)ticker);
    DestroyWindow(ticker->window); // with the messages that wait for it
    free(ticker);
  }
}
