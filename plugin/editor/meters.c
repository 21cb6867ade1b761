/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/meters.h"

#include "editor/colours.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  N_STEPS     = 1200, ///< Of the scale, that a picture can tell apart
  NAME_UNITS  = 58,
  VALUE_UNITS = 46,
  GAP_UNITS   = 4,
  TEXT_SIZE   = 11,
  PEAK_UNITS  = 2,
  MAX_BAR     = 8, ///< Units, that a bar is high
  HOT_DB      = -1 ///< Above which a peak is a warning
};

Meter
meter_new(void)
{
  return (Meter){.level_db = METER_MIN_DB, .peak_db = METER_MIN_DB, .held_s = 0};
}

Meters
meters_new(void)
{
  return (Meters){.in = meter_new(), .out = meter_new(), .removed = meter_new()};
}

void
meter_update(Meter* const meter, const double power, const double elapsed_s)
{
  const double fall_db  = METER_RELEASE_DB_S * fmax(0, elapsed_s);
  const double power_db = power > 0 ? 10 * log10(power) : METER_MIN_DB;
  const double db       = fmax(METER_MIN_DB, fmin(power_db, METER_MAX_DB));

  meter->level_db = fmax(db, meter->level_db - fall_db);
  if (db >= meter->peak_db) {
    meter->peak_db = db;
    meter->held_s  = 0;
    return;
  }
  // Of this step, only what is beyond the hold makes the peak fall
  const double held_s   = meter->held_s + fmax(0, elapsed_s);
  const double hold_s   = METER_PEAK_HOLD_MS / 1000.0;
  const double beyond_s = fmin(fmax(0, elapsed_s), fmax(0, held_s - hold_s));
  meter->held_s         = held_s;
  meter->peak_db =
    fmax(meter->level_db, meter->peak_db - METER_RELEASE_DB_S * beyond_s);
}

/// Return where a level lies on the scale, 0 to 1
static double
share_of(const double db)
{
  return fmax(0, fmin((db - METER_MIN_DB) / (METER_MAX_DB - METER_MIN_DB), 1));
}

/// Return whether pictures of two meters differ
static bool
differs(const Meter* const one, const Meter* const other)
{
  return lround(N_STEPS * share_of(one->level_db)) !=
           lround(N_STEPS * share_of(other->level_db)) ||
         lround(N_STEPS * share_of(one->peak_db)) !=
           lround(N_STEPS * share_of(other->peak_db));
}

bool
meters_update(Meters* const meters, const MeterPowers powers, const double elapsed_s)
{
  const Meters before = *meters;
  meter_update(&meters->in, powers.in, elapsed_s);
  meter_update(&meters->out, powers.out, elapsed_s);
  meter_update(&meters->removed, powers.removed, elapsed_s);
  return differs(&before.in, &meters->in) || differs(&before.out, &meters->out) ||
         differs(&before.removed, &meters->removed);
}

void
meter_paint(const Meter* const meter,
            Canvas* const      canvas,
            const Box          box,
            const Colour       colour)
{
  const double level = share_of(meter->level_db) * box.width;
  const double peak  = share_of(meter->peak_db) * box.width;
  const double left  = fmax(0, fmin(peak, box.width) - PEAK_UNITS);
  const bool   hot   = meter->peak_db > HOT_DB;

  canvas_fill(canvas, box, COLOUR_WELL);
  canvas_fill(canvas, (Box){box.x, box.y, level, box.height}, colour);
  if (peak > 0) {
    canvas_fill(canvas,
                (Box){box.x + left, box.y, PEAK_UNITS, box.height},
                hot ? COLOUR_WARNING : COLOUR_TEXT);
  }
  for (int db = METER_MIN_DB + 20; db < METER_MAX_DB; db += 20) {
    const double x = box.x + share_of(db) * box.width;
    canvas_fill(canvas, (Box){x, box.y, 1, box.height}, COLOUR_WINDOW);
  }
}

/// Paint one meter with its name and its peak in dB
static void
paint_row(const Meter* const meter,
          Canvas* const      canvas,
          const Box          box,
          const char* const  name,
          const Colour       colour)
{
  const double height = fmin(box.height - 2, MAX_BAR);
  const double width  = box.width - NAME_UNITS - VALUE_UNITS - 2 * GAP_UNITS;
  const double middle = box.y + (box.height - height) / 2;
  const Box    bar    = {box.x + NAME_UNITS + GAP_UNITS, middle, width, height};
  const Box    names  = {box.x, box.y, NAME_UNITS, box.height};
  const Box values = {box.x + box.width - VALUE_UNITS, box.y, VALUE_UNITS, box.height};

  char value[24] = "\xE2\x88\x92\xE2\x88\x9E"; // minus infinity
  if (meter->peak_db > METER_MIN_DB) {
    const int db = (int)lround(meter->peak_db);
    (void)snprintf(
      value, sizeof(value), "%s%d dB", db < 0 ? "\xE2\x88\x92" : "", abs(db));
  }
  canvas_text(canvas, names, ALIGN_LEFT, name, TEXT_SIZE, COLOUR_TEXT);
  canvas_text(canvas, values, ALIGN_RIGHT, value, TEXT_SIZE, COLOUR_FAINT);
  if (width > 0 && height > 0) {
    meter_paint(meter, canvas, bar, colour);
  }
}

void
meters_paint(const Meters* const meters, Canvas* const canvas, const Box box)
{
  const double height  = box.height / 3;
  const Box    in      = {box.x, box.y, box.width, height};
  const Box    out     = {box.x, box.y + height, box.width, height};
  const Box    removed = {box.x, box.y + 2 * height, box.width, height};
  paint_row(&meters->in, canvas, in, "In", COLOUR_REST);
  paint_row(&meters->out, canvas, out, "Out", COLOUR_EXTRACTED);
  paint_row(&meters->removed, canvas, removed, "Removed", COLOUR_REST);
}
