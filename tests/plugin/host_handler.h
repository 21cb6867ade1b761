/* SPDX-License-Identifier: GPL-3.0-or-later

   The door by which a plugin asks something of its host. */

#ifndef REQUINTO_HOST_HANDLER_H
#define REQUINTO_HOST_HANDLER_H

#include "vst3.h"

#include <stdatomic.h>

/// Its address is what VST3 wants; any thread may come in
typedef struct {
  const struct v3_component_handler* table;
  atomic_int                         n_restarts; ///< Times a restart was asked for
  atomic_int                         flags;      ///< Of all of them
  atomic_int                         pending;    ///< Flags not yet acted upon
  atomic_int                         n_edits;
} Handler;

/// Return the handler of this program
Handler*
handler_get(void);

#endif
