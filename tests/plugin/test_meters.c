/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "editor/colours.h"
#include "editor/meters.h"

#include <math.h>

static const double STEPS_S[] = {0.001, 0.01, 1 / 30.0, 0.1};

enum { N_STEPS = 4 };

/// Return the power of a level
static double
power_of(const double db)
{
  return pow(10, db / 10);
}

/// Return whether two levels are the same
static bool
is_level(const double one, const double other)
{
  return fabs(one - other) < 1e-6;
}

static void
test_rises_at_once(void)
{
  for (double db = -70; db < 10; db += 0.7) {
    const double limited = fmax(METER_MIN_DB, fmin(db, METER_MAX_DB));
    Meter        meter   = meter_new();
    meter_update(&meter, power_of(db), 0.01);
    CHECK(is_level(meter.level_db, limited) && is_level(meter.peak_db, limited));
  }
}

static void
test_falls_evenly(void)
{
  for (int i = 0; i < N_STEPS; ++i) {
    Meter meter = meter_new();
    meter_update(&meter, power_of(-6), STEPS_S[i]);
    double time_s = 0;
    while (time_s < 6) {
      meter_update(&meter, 0, STEPS_S[i]);
      time_s += STEPS_S[i];
      const double level  = fmax(METER_MIN_DB, -6 - METER_RELEASE_DB_S * time_s);
      const double fall_s = fmax(0, time_s - METER_PEAK_HOLD_MS / 1000.0);
      const double peak   = fmax(METER_MIN_DB, -6 - METER_RELEASE_DB_S * fall_s);
      CHECK(is_level(meter.level_db, level) && is_level(meter.peak_db, peak));
    }
    CHECK(is_level(meter.peak_db, METER_MIN_DB));
  }
}

static void
test_follows_what_is_louder(void)
{
  unsigned seed  = 5;
  Meter    meter = meter_new();
  double   last  = METER_MIN_DB;
  for (int turn = 0; turn < 10000; ++turn) {
    const double db = draw(&seed) % 600 / 10.0 - 60;
    meter_update(&meter, power_of(db), 0.02);
    CHECK(is_level(meter.level_db, fmax(db, last - METER_RELEASE_DB_S * 0.02)));
    CHECK(meter.peak_db >= meter.level_db);
    last = meter.level_db;
  }
}

static void
test_says_what_differs(void)
{
  const MeterPowers none   = {0, 0, 0};
  Meters            meters = meters_new();
  CHECK(!meters_update(&meters, none, 0.03));
  CHECK(meters_update(&meters, (MeterPowers){.out = 0.1}, 0.03));
  CHECK(!meters_update(&meters, (MeterPowers){.out = 0.1}, 0.03));
  int n_changes = 0;
  for (int i = 0; i < 300; ++i) {
    n_changes += meters_update(&meters, none, 0.03);
  }
  CHECK(n_changes > 60 && n_changes < 150); // until level and peak have fallen
  CHECK(!meters_update(&meters, none, 0.03));
  CHECK(!meters_update(&meters, (MeterPowers){NAN, -1, 0}, 0.03));
}

static void
test_bar_is_as_long_as_loud(void)
{
  Canvas* const canvas = canvas_new();
  CHECK(canvas);
  for (int db = -60; db <= 0; db += 5) {
    Meter meter = meter_new();
    meter_update(&meter, power_of(db), 0.01);
    meter_update(&meter, power_of(db), 0.01);
    CHECK(canvas_resize(canvas, 120, 10, 1));
    meter_paint(&meter, canvas, (Box){0, 0, 120, 10}, COLOUR_EXTRACTED);
    int n = 0;
    for (int x = 0; x < 120; ++x) {
      n += canvas_pixels(canvas)[5 * 120 + x] != COLOUR_WELL;
    }
    CHECK(abs(n - (db + 60) * 2) <= 3); // with marks of the scale
  }
  canvas_free(canvas);
}

int
main(void)
{
  test_rises_at_once();
  test_falls_evenly();
  test_follows_what_is_louder();
  test_says_what_differs();
  test_bar_is_as_long_as_loud();
  return 0;
}
