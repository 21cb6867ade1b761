/* SPDX-License-Identifier: GPL-3.0-or-later

   The table of parameters for a CLAP host, and events that change them. */

#pragma once

#include "clap/plugin.h"

extern const clap_plugin_params_t clap_params;

/// Take the value that an event brings, if it is one.  Audio thread, or while inactive.
void
clap_params_take(ClapPlugin* plugin, const clap_event_header_t* event) REALTIME;

/// Report what the plugin itself, or its window, has changed.  Audio thread, or while
/// inactive.
void
clap_params_report(ClapPlugin* plugin, const clap_output_events_t* events) REALTIME;
