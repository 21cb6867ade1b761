/* SPDX-License-Identifier: GPL-3.0-or-later

   Send the worker what has changed, once, and again if there was no room. */

#pragma once

#include "core/session.h"
#include "os/attributes.h"
#include "python/bridge_table.h"

#include <stdbool.h>
#include <stdint.h>

/// What was sent to the worker last; zeros at first; the audio thread's alone
typedef struct {
  Message settings;        ///< Last settings
  Message position;        ///< Last position of the host
  bool    has_settings;    ///< `settings` holds something
  bool    settings_unsent; ///< There was no room for `settings` yet
  bool    position_unsent; ///< There was no room for `position` yet
} Outbox;

/// Note settings that hold from `frame` on, unless they are the last ones
void
outbox_set_settings(Outbox*               outbox,
                    const StreamSettings* settings,
                    uint32_t              revision,
                    uint64_t              frame) REALTIME;

/// Note where the host is at `frame`
void
outbox_set_position(Outbox*             outbox,
                    const HostPosition* position,
                    uint64_t            frame) REALTIME;

/// Send what was not sent yet, before the sound of `frame` is
void
outbox_send(Outbox* outbox, Session* session, uint64_t frame) REALTIME;
