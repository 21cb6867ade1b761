/* SPDX-License-Identifier: GPL-3.0-or-later

   A plugin in the plain CLAP host, and how blocks reach it. */

#pragma once

#include "clap/types.h"
#include "play.h"

enum { CLAP_HOST_MAX_PARAMS = 64 };

/// A plugin and what it offers
typedef struct {
  const clap_plugin_t*             plugin;
  const clap_plugin_params_t*      params;
  const clap_plugin_audio_ports_t* ports;
  const clap_plugin_state_t*       state;
  const clap_plugin_latency_t*     latency;
  const ClapPortsConfigs*          configs;
  const ClapRender*                render;
  const ClapTail*                  tail;
  double                           tempo_bpm;
  double                           reported[CLAP_HOST_MAX_PARAMS]; ///< By index, last
  int                              n_reports;
} ClapHost;

/// Return what the plugin says of a parameter
clap_param_info_t
clap_host_info(const ClapHost* host, uint32_t index);

/// Process a block; `context` is a `ClapHost`
void
clap_host_run(void* context, const PlayBlock* block);
