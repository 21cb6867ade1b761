/* SPDX-License-Identifier: GPL-3.0-or-later

   One instance of the plugin for a CLAP host, and what is reported to that host. */

#pragma once

#include "clap/types.h"
#include "core/instance.h"
#include "core/ring.h"

#include <stdatomic.h>
#include <stdint.h>

/// What a window needs: see gui_window.h
typedef struct ClapGuiImpl ClapGui;

/// An instance; the host holds a pointer to the first field
typedef struct {
  clap_plugin_t              plugin;
  const clap_host_t*         host;
  const clap_host_params_t*  host_params;  ///< NULL where the host has none
  const clap_host_latency_t* host_latency; ///< NULL where the host has none

  Instance*   instance;
  Ring*       edits;    ///< By the window, from the main thread to the audio thread
  atomic_bool offline;  ///< The host waits for what is not ready
  atomic_bool restarts; ///< A restart was requested, and has not come yet

  /* Main thread */
  double   sample_rate;    ///< Hz, of the last activation
  uint32_t n_channels;     ///< 1 or 2, of all ports
  uint32_t known_latency;  ///< That the host knows, in frames
  uint32_t n_targets;      ///< Of the list that the host knows
  uint32_t names_revision; ///< Of the same
  ClapGui* gui;            ///< NULL where the host has created none
} ClapPlugin;

/// The plugin that the host's pointer belongs to
#define CLAP_PLUGIN_OF(clap) ((ClapPlugin*)(clap)->plugin_data)

/// Have the host activate anew if that would change the latency.  Any thread.
void
clap_plugin_request_restart(ClapPlugin* plugin) REALTIME;

/// Have the host read all values again, and the list of targets.  Main thread only.
void
clap_plugin_notify_values(ClapPlugin* plugin);

/// Have the host read the list of targets if it grew; must be inactive.  Main thread.
void
clap_plugin_notify_targets(ClapPlugin* plugin);
