/* SPDX-License-Identifier: GPL-3.0-or-later

   One instance of the plugin for an LV2 host; its window has it by instance-access. */

#pragma once

#include "ardour.h"
#include "core/instance.h"
#include "lv2/ports.h"
#include "lv2/position.h"

#include <lv2/lv2.h>
#include <lv2/urid.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// An instance
typedef struct {
  Instance*   instance;
  double      sample_rate; ///< Hz
  uint32_t    n_channels;  ///< 1 or 2, of input, output and sidechain
  Ardour      ardour;      ///< Whether the host is that
  atomic_bool is_restored; ///< A state has come since the last block

  /* Of the target's port: any thread */
  _Atomic float target_seen;  ///< When it was looked at last
  _Atomic float target_saved; ///< When the state was saved that has come

  bool            has_uris; ///< The host has numbers for them; lv2apply has none
  Lv2PositionUris uris;
  LV2_URID        chunk;  ///< Type
  LV2_URID        number; ///< Type
  LV2_URID        state;  ///< Key
  LV2_URID        target; ///< Key

  /* Audio thread */
  void*       ports[LV2_MAX_PORTS]; ///< As the host connected them, or NULL
  float       seen[N_PARAMS];       ///< Of the ports, when they were looked at last
  Lv2Position position;
  bool        is_live; ///< A block came that was not offline
} Lv2Plugin;
