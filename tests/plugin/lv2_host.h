/* SPDX-License-Identifier: GPL-3.0-or-later

   A plugin in the plain LV2 host, and how blocks reach it. */

#pragma once

#include "lv2/ports.h"
#include "play.h"

#include <lv2/atom-forge.h>
#include <lv2/lv2.h>
#include <lv2/urid.h>

enum { LV2_HOST_EVENT_BYTES = 4096 };

/// A plugin, the memory of its control ports, and the host's numbers
typedef struct {
  const LV2_Descriptor* descriptor;
  LV2_Handle            handle;
  uint32_t              n_channels;
  double                rate;
  double                tempo_bpm;
  float                 controls[LV2_MAX_PORTS];
  LV2_URID_Map          map;
  LV2_Atom_Forge        forge;
  _Alignas(8) uint8_t events[LV2_HOST_EVENT_BYTES];
} Lv2Host;

/// Number a URI, the same for the same
LV2_URID
lv2_host_map(LV2_URID_Map_Handle handle, const char* uri);

/// Set the ports that a block's changes are for: LV2 knows them from its start on
void
lv2_host_set(Lv2Host* host, const PlayBlock* block);

/// Process a block; `context` is a `Lv2Host`
void
lv2_host_run(void* context, const PlayBlock* block);
