/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "state.h"

#include <math.h>
#include <string.h>

static void
draw_values(double values[N_PARAMS], unsigned* const seed)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const double share = draw(seed) % 1001 / 1000.0;
    values[i]          = params_to_plain(params_info((ParamIndex)i), share);
  }
}

static void
check_possible(const double values[N_PARAMS])
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info = params_info((ParamIndex)i);
    CHECK(values[i] >= info->least && values[i] <= info->most);
  }
}

static void
test_round_trip(void)
{
  unsigned seed = 1;
  for (int k = 0; k < 1000; ++k) {
    double before[N_PARAMS];
    double after[N_PARAMS];
    draw_values(before, &seed);
    draw_values(after, &seed);
    const double status = after[PARAM_STATUS];

    char         text[STATE_MAX_BYTES];
    const size_t n = state_write(before, text);
    CHECK(n == strlen(text) && state_read(text, n, after));
    for (unsigned i = 0; i < N_PARAMS; ++i) {
      CHECK(i == PARAM_STATUS || fabs(before[i] - after[i]) < 1e-6);
    }
    CHECK(fabs(after[PARAM_STATUS] - status) < 1e-12); // read-only
  }
}

static void
test_other_versions(void)
{
  double      values[N_PARAMS] = {0};
  const char* text = "requinto 1\nreverb=9\ntarget=zither\ntempo=99\namount=\n";
  CHECK(state_read(text, strlen(text), values));
  CHECK(fabs(values[PARAM_TEMPO] - 99.0) < 1e-9);
  CHECK(fabs(values[PARAM_TARGET] - params_info(PARAM_TARGET)->usual) < 1e-9);
  CHECK(fabs(values[PARAM_AMOUNT] - 100.0) < 1e-9);
  CHECK(!state_read("other 1\n", 8, values) && !state_read("", 0, values));
}

/// A state from before there was a choice of models means the only one there was
static void
test_a_state_without_quality(void)
{
  const char* text = "requinto 1\ntarget=bass\noutput=Extracted\namount=40.000000\n"
                     "beat_source=Detect\ntempo=99.000000\n";
  double      values[N_PARAMS] = {0};
  values[PARAM_QUALITY]        = 1.0;
  CHECK(state_read(text, strlen(text), values));
  CHECK(fabs(values[PARAM_TARGET] - 1.0) < 1e-9);
  CHECK(fabs(values[PARAM_QUALITY]) < 1e-9);

  text = "requinto 1\nquality=Fast\n";
  CHECK(state_read(text, strlen(text), values));
  CHECK(fabs(values[PARAM_QUALITY] - 1.0) < 1e-9);
}

static void
test_damage(void)
{
  double   values[N_PARAMS];
  unsigned seed = 3;
  draw_values(values, &seed);
  char         text[STATE_MAX_BYTES];
  const size_t n = state_write(values, text);
  for (size_t cut = 0; cut <= n; ++cut) {
    double read[N_PARAMS];
    draw_values(read, &seed);
    (void)state_read(text, cut, read);
    check_possible(read);
  }
  for (int k = 0; k < 20000; ++k) {
    char   damaged[STATE_MAX_BYTES];
    double read[N_PARAMS];
    memcpy(damaged, text, n);
    for (int i = 0; i < 4; ++i) {
      damaged[draw(&seed) % n] = (char)(draw(&seed) % 256);
    }
    draw_values(read, &seed);
    (void)state_read(damaged, n, read);
    check_possible(read);
  }
}

int
main(void)
{
  test_round_trip();
  test_other_versions();
  test_a_state_without_quality();
  test_damage();
  return 0;
}
