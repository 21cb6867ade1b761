/* SPDX-License-Identifier: GPL-3.0-or-later

   Call a function again and again from the thread's own loop of events, on systems
   where that is the system's and not the host's: Windows and macOS.

   Main thread only. */

#pragma once

#include <stdint.h>

/// A timer that runs
typedef struct TickerImpl Ticker;

/// What it calls
typedef void (*TickerFunc)(void* context);

/// Start calling every so many milliseconds; return NULL where only the host can, or
/// without memory
Ticker*
ticker_start(uint32_t period_ms, TickerFunc func, void* context);

/// Stop and free it; may be NULL, and may be called from its function
void
ticker_stop(Ticker* ticker);
