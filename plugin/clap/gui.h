/* SPDX-License-Identifier: GPL-3.0-or-later

   The plugin's window in a CLAP host, inside one of the host's or of its own.

   Main thread only. */

#pragma once

#include "clap/plugin.h"

extern const clap_plugin_gui_t clap_gui;

/// The host's timer, by which the window lives
extern const clap_plugin_timer_support_t clap_gui_timers;

/// The window's descriptor, which the host may watch
extern const ClapDescriptors clap_gui_descriptors;
