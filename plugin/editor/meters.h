/* SPDX-License-Identifier: GPL-3.0-or-later

   Levels in dB (0 is a mean square of 1) with a slow release and the last peak.

   Pure, apart from painting, which is for the thread of the canvas. */

#pragma once

#include "editor/canvas.h"

#include <stdbool.h>

enum {
  METER_MIN_DB       = -60, ///< At and below which a bar is empty
  METER_MAX_DB       = 0,   ///< At and above which it is full
  METER_RELEASE_DB_S = 24,  ///< By which level and peak fall
  METER_PEAK_HOLD_MS = 1500 ///< For which a peak stays
};

/// One level over time
typedef struct {
  double level_db;
  double peak_db;
  double held_s; ///< Since when the peak stands
} Meter;

/// The three levels of the window
typedef struct {
  Meter in;
  Meter out;
  Meter removed;
} Meters;

/// What the three measure, as mean squares
typedef struct {
  double in;
  double out;
  double removed;
} MeterPowers;

/// Return a meter that shows nothing
Meter
meter_new(void);

/// Return three meters that show nothing
Meters
meters_new(void);

/// Take the power of the last so many seconds
void
meter_update(Meter* meter, double power, double elapsed_s);

/// Take three powers; return whether the picture of them differs
bool
meters_update(Meters* meters, MeterPowers powers, double elapsed_s);

/// Paint one bar, from left to right, without words
void
meter_paint(const Meter* meter, Canvas* canvas, Box box, Colour colour);

/// Paint three bars, one below the other, with their names and levels in dB; about
/// 200 by 54 is a good box
void
meters_paint(const Meters* meters, Canvas* canvas, Box box);
