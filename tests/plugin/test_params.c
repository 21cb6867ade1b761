/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "core/params.h"

#include <math.h>
#include <string.h>

static void
test_identifiers(void)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info = params_info((ParamIndex)i);
    CHECK(params_find(info->id) == i);
    CHECK(info->key[0] && info->name[0] && !strchr(info->key, '='));
    CHECK(info->min <= info->default_value && info->default_value <= info->max);
    for (unsigned j = 0; j < i; ++j) {
      CHECK(strcmp(info->key, params_info((ParamIndex)j)->key) != 0);
    }
  }
  CHECK(params_find(12345) == N_PARAMS);
}

/// What hosts have saved by identifier, place or text must mean the same for ever
static void
test_what_hosts_know_stays(void)
{
  static const struct {
    uint32_t    id;
    const char* key;
  } known[] = {{1, "target"},
               {2, "output"},
               {3, "amount"},
               {4, "beat_source"},
               {5, "tempo"},
               {6, "status"},
               {7, "quality"},
               {8, "clip"},
               {9, "learn"},
               {10, "sensitivity"},
               {11, "bypass"},
               {12, "dropouts"},
               {13, "compare"}};
  CHECK(N_PARAMS == sizeof(known) / sizeof(known[0]));
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    CHECK(params_info((ParamIndex)i)->id == known[i].id);
    CHECK(!strcmp(params_info((ParamIndex)i)->key, known[i].key));
  }

  double quality = -1.0;
  CHECK(params_from_text(params_info(PARAM_QUALITY), "Fast", &quality));
  CHECK(fabs(quality - 1.0) < 1e-9);
  CHECK(params_from_text(params_info(PARAM_QUALITY), "Standard", &quality));
  CHECK(fabs(quality) < 1e-9 && params_info(PARAM_QUALITY)->n_labels == 2);
}

static void
test_values_survive_the_host(void)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info  = params_info((ParamIndex)i);
    const double           steps = info->labels ? info->max : 1000.0;
    for (int k = 0; k <= (int)steps; ++k) {
      const double share = steps > 0.0 ? k / steps : 0.0;
      const double plain = info->min + share * (info->max - info->min);
      const double back  = params_to_plain(info, params_to_normalised(info, plain));
      CHECK(fabs(back - plain) < 1e-9);

      char   text[64];
      double read = -1.0;
      params_to_text(info, plain, text, sizeof(text));
      CHECK(params_from_text(info, text, &read));
      CHECK(fabs(read - plain) <= (info->labels       ? 0.0
                                   : info->n_decimals ? 0.0501
                                                      : 0.501));
    }
  }
}

/// Hosts keep values in single precision: 128 bpm are 128, and not 127.99999
static void
test_single_precision_does_not_show(void)
{
  const ParamInfo* const info = params_info(PARAM_TEMPO);
  for (int k = 40 * 100; k <= 240 * 100; ++k) {
    const double tempo = k / 100.0;
    const float  host  = (float)params_to_normalised(info, tempo);
    const double plain = params_round(info, params_to_plain(info, (double)host));
    CHECK(!memcmp(&plain, &tempo, sizeof(plain)));
    const double single = params_round(info, (double)(float)tempo);
    CHECK(!memcmp(&single, &tempo, sizeof(single)));
  }
}

/// A list divides 0 to 1 into equal parts, so that a fader reaches every entry
static void
test_lists_are_divided_equally(void)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info = params_info((ParamIndex)i);
    for (uint32_t k = 0; k < info->n_labels; ++k) {
      const double middle = (k + 0.5) / info->n_labels;
      CHECK(fabs(params_to_plain(info, middle) - k) < 1e-9);
    }
  }
}

static void
test_bad_values(void)
{
  const double bad[] = {NAN, INFINITY, -INFINITY, -1e300, 1e300, -1.0, 2.0};
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info = params_info((ParamIndex)i);
    for (unsigned k = 0; k < sizeof(bad) / sizeof(bad[0]); ++k) {
      const double clamped = params_clamp(info, bad[k]);
      const double plain   = params_to_plain(info, bad[k]);
      const double host    = params_to_normalised(info, bad[k]);
      CHECK(clamped >= info->min && clamped <= info->max);
      CHECK(plain >= info->min && plain <= info->max);
      CHECK(host >= 0.0 && host <= 1.0);
    }
    double read = 7.0;
    CHECK(!params_from_text(info, "", &read));
    CHECK(!params_from_text(info, "zither", &read));
  }
}

static void
test_text_with_unit(void)
{
  double tempo = 0.0;
  CHECK(params_from_text(params_info(PARAM_TEMPO), " 128,5 bpm", &tempo));
  CHECK(fabs(tempo - 128.5) < 1e-9);
  CHECK(params_from_text(params_info(PARAM_TEMPO), "9999", &tempo));
  CHECK(fabs(tempo - 240.0) < 1e-9);
}

int
main(void)
{
  test_identifiers();
  test_what_hosts_know_stays();
  test_values_survive_the_host();
  test_single_precision_does_not_show();
  test_lists_are_divided_equally();
  test_bad_values();
  test_text_with_unit();
  return 0;
}
