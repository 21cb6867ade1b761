/* SPDX-License-Identifier: GPL-3.0-or-later

   bridge.h for C files, and its functions as a table.

   cffi reads bridge.h too, so that it can hold no include guard of its own. */

#pragma once

#include <stdint.h>

#include "python/bridge.h"

/// The functions of bridge.h, wherever they come from
typedef struct {
  __typeof__(requinto_open)*         open;
  __typeof__(requinto_configure)*    configure;
  __typeof__(requinto_locate)*       locate;
  __typeof__(requinto_exchange)*     exchange;
  __typeof__(requinto_take_bar)*     take_bar;
  __typeof__(requinto_take_columns)* take_columns;
  __typeof__(requinto_summarise)*    summarise;
  __typeof__(requinto_close)*        close;
  __typeof__(requinto_problem)*      problem;
} Bridge;

/// How loading the bridge went
typedef enum {
  BRIDGE_LOADED,
  BRIDGE_NO_PYTHON,    ///< There is no interpreter
  BRIDGE_WRONG_PYTHON, ///< Another version than we were built for
  BRIDGE_PYTHON_ERROR  ///< Python raised something, or ends
} BridgeOutcome;

/**
   Load the bridge; return `BRIDGE_LOADED`, or why there is none.

   Called on the worker thread, when the first sound comes; may take seconds.
*/
typedef BridgeOutcome (*BridgeLoader)(const Bridge** bridge);
