/* SPDX-License-Identifier: GPL-3.0-or-later

   What the worker fetches of a stream for the window, while there is one.

   All functions are for the worker thread. */

#pragma once

#include "core/scope.h"
#include "core/sound_file.h"
#include "python/bridge_table.h"

#include <stdbool.h>
#include <stdint.h>

/// What has been fetched; zeros at the start of a session
typedef struct {
  bool     is_watched;    ///< The stream makes columns
  bool     is_summarised; ///< Summarising was tried, of what the next two name
  uint32_t target;
  uint32_t revision; ///< Of the references
} ScopeFeed;

/// Return whether a window is open that has not the summary of this target's sound
bool
scope_feed_lacks(const ScopeFeed* feed,
                 const Scope*     scope,
                 uint32_t         target,
                 uint32_t         revision);

/**
   Summarise the sound of a target for the window, once until either number changes.

   @param sound NULL if the target has none: the window then shows none.

   Returns false if the sound cannot be summarised.
*/
bool
scope_feed_summarise(ScopeFeed*       feed,
                     Scope*           scope,
                     const Bridge*    bridge,
                     const SoundFile* sound,
                     uint32_t         target,
                     uint32_t         revision);

/// Hand on the columns that a stream has made, or have it stop where no window is open
void
scope_feed_columns(ScopeFeed*    feed,
                   Scope*        scope,
                   const Bridge* bridge,
                   uint32_t      stream);
