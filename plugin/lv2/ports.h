/* SPDX-License-Identifier: GPL-3.0-or-later

   Which port is which, for the plugin and for its description. */

#pragma once

#include "core/params.h"

#include <stdint.h>

#define LV2_PORTS_URI        "urn:requinto:requinto"
#define LV2_PORTS_MONO_URI   LV2_PORTS_URI "-mono"
#define LV2_PORTS_UI_URI     LV2_PORTS_URI "#ui"
#define LV2_PORTS_STATE_URI  LV2_PORTS_URI "#state"
#define LV2_PORTS_TARGET_URI LV2_PORTS_URI "#target"

/// Ports that come first, whatever the number of channels
typedef enum {
  LV2_PORT_POSITION, ///< Events: where the host is
  LV2_PORT_OFFLINE,  ///< The host waits for what is not ready
  LV2_PORT_LATENCY,  ///< Out
  LV2_PORT_AUDIO     ///< The first of input, output, sidechain, and the parameters
} Lv2Port;

enum {
  LV2_MAX_CHANNELS = 2,
  LV2_MAX_PORTS    = LV2_PORT_AUDIO + 3 * LV2_MAX_CHANNELS + N_PARAMS,

  // Sounds of the user that a host can name, without knowing what they are called
  LV2_OWN_TARGETS = 16
};

static inline uint32_t
lv2_input_port(const uint32_t channel)
{
  return LV2_PORT_AUDIO + channel;
}

static inline uint32_t
lv2_output_port(const uint32_t n_channels, const uint32_t channel)
{
  return LV2_PORT_AUDIO + n_channels + channel;
}

static inline uint32_t
lv2_sidechain_port(const uint32_t n_channels, const uint32_t channel)
{
  return LV2_PORT_AUDIO + 2 * n_channels + channel;
}

static inline uint32_t
lv2_param_port(const uint32_t n_channels, const ParamIndex index)
{
  return LV2_PORT_AUDIO + 3 * n_channels + (uint32_t)index;
}

/// Return how many targets a host knows, of which some are built in
static inline uint32_t
lv2_n_targets(const uint32_t n_built_in)
{
  return n_built_in + 1 + LV2_OWN_TARGETS; // with the one that is learned
}

/// Return what a port holds for a plain value, or the reverse: hosts enable, we bypass
static inline double
lv2_port_value(const ParamInfo* const info, const double value)
{
  return info->is_bypass ? 1.0 - value : value;
}
