/* SPDX-License-Identifier: GPL-3.0-or-later

   The functions of bridge.h: what Python does for each, where the gate is open.

   cffi writes their Python side, under the names that bridge_build.py gives it. */

#include "os/attributes.h"
#include "python/gate.h"

#include "python/bridge_table.h"

/// Define a function of bridge.h that returns 0 where Python ends
#define DEFINE_CALL(name, parameters, ...)                                             \
  __typeof__(requinto_##name) python_##name;                                           \
  EXPORT uint32_t requinto_##name parameters                                           \
  {                                                                                    \
    const int entry = gate_enter();                                                    \
    if (entry < 0) {                                                                   \
      return 0;                                                                        \
    }                                                                                  \
    const uint32_t result = python_##name(__VA_ARGS__);                                \
    gate_leave(entry);                                                                 \
    return result;                                                                     \
  }

DEFINE_CALL(open, (const StreamSetup* setup), setup)
__typeof__(requinto_configure) python_configure;

EXPORT uint32_t
requinto_configure(const uint32_t              stream,
                   const StreamSettings* const settings,
                   const Reference* const      reference)
{
  const int entry = gate_enter();
  if (entry < 0) {
    return 0;
  }
  const uint32_t result = python_configure(stream, settings, reference);
  gate_guard_exit(); // the model has been loaded, with all its libraries
  gate_leave(entry);
  return result;
}

DEFINE_CALL(locate, (uint32_t stream, const HostPosition* position), stream, position)
DEFINE_CALL(exchange, (uint32_t stream, const Passage* passage), stream, passage)
DEFINE_CALL(take_bar,
            (uint32_t stream, unsigned char* bytes, uint32_t n_bytes),
            stream,
            bytes,
            n_bytes)
DEFINE_CALL(take_columns,
            (uint32_t stream, Column* columns, uint32_t n_columns),
            stream,
            columns,
            n_columns)
DEFINE_CALL(summarise,
            (const Reference* reference, ReferenceSummary* summary),
            reference,
            summary)
DEFINE_CALL(close, (uint32_t stream), stream)
DEFINE_CALL(problem, (char* text, uint32_t n_bytes), text, n_bytes)
