/* SPDX-License-Identifier: GPL-3.0-or-later

   bridge.h for C files, and its functions as a table.

   cffi reads bridge.h too, so that it can hold no include guard of its own. */

#ifndef REQUINTO_PYTHON_BRIDGE_TABLE_H
#define REQUINTO_PYTHON_BRIDGE_TABLE_H

#include <stdint.h>

#include "python/bridge.h"

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

#endif
