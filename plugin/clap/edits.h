/* SPDX-License-Identifier: GPL-3.0-or-later

   What the user does to parameters in the window, on its way to the host as events. */

#pragma once

#include "clap/plugin.h"

#include <stdbool.h>

/// Return an empty queue, or NULL
Ring*
clap_edits_new(void);

/// Add an event of one of three types, that of a value or the ends of a gesture, and
/// have the host fetch it; return false if the host has left the queue full.  Main
/// thread only.
bool
clap_edits_add(ClapPlugin* plugin, uint16_t type, ParamIndex index, double plain);

/// Give the host the events that it has room for; NULL for a host that takes none now.
/// Audio thread, or while inactive.
void
clap_edits_report(ClapPlugin* plugin, const clap_output_events_t* events) REALTIME;
