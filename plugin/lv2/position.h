/* SPDX-License-Identifier: GPL-3.0-or-later

   Where the host is, from the events in which LV2's hosts send what has changed. */

#pragma once

#include "core/transport.h"
#include "os/attributes.h"

#include <lv2/atom.h>
#include <lv2/urid.h>

#include <stdbool.h>
#include <stdint.h>

/// Numbers of the host for what its events are made of
typedef struct {
  LV2_URID object, blank, position;                       ///< Types
  LV2_URID is_float, is_double, is_int, is_long;          ///< Types
  LV2_URID bar, bar_beat, beat, beat_unit, beats_per_bar; ///< Keys
  LV2_URID beats_per_minute, speed;                       ///< Keys
} Lv2PositionUris;

/// What the host has said, carried on to now; beats are of its metre
typedef struct {
  double beat;             ///< Since the song's start, or NAN
  double bar_start;        ///< Beat at which the bar began, or NAN
  double beats_per_minute; ///< Or NAN
  double speed;            ///< 0 while it stands
  double beats_per_bar;    ///< 0 if unknown
  double beat_unit;        ///< The note that is a beat; 0 if unknown
  bool   is_known;         ///< The host has said something
} Lv2Position;

/// Read the host's numbers
Lv2PositionUris
lv2_position_uris(const LV2_URID_Map* map);

/// Return what is known before the first event
Lv2Position
lv2_position_unknown(void);

/// Take an event, if it is a position.  Audio thread only.
void
lv2_position_take(Lv2Position*           position,
                  const Lv2PositionUris* uris,
                  const LV2_Atom*        event) REALTIME;

/// Go on by so many frames.  Audio thread only.
void
lv2_position_advance(Lv2Position* position,
                     uint32_t     n_frames,
                     double       sample_rate) REALTIME;

/// Return it as the plugin takes it.  Audio thread only.
Transport
lv2_position_transport(const Lv2Position* position) REALTIME;
