/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/params.h"

#include "core/clip.h"
#include "core/number_text.h"
#include "core/status.h"
#include "targets.h" // REQUINTO_TARGETS, made from models/targets.txt

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char* const target_labels[]      = {REQUINTO_TARGETS};
static const char* const output_labels[]      = {"Extracted", "Everything else"};
static const char* const quality_labels[]     = {"Standard", "Fast"};
static const char* const beat_source_labels[] = {"Host", "Detect", "Fixed tempo"};
static const char* const clip_labels[N_CLIPS] = {"4 beats", "2 beats", "1 beat"};
static const char* const switch_labels[]      = {"Off", "On"};

static const char* const status_labels[N_STATUSES] = {"Idle",
                                                      "Starting",
                                                      "Ready",
                                                      "Late",
                                                      "Learning",
                                                      "No Python",
                                                      "Wrong Python",
                                                      "No model",
                                                      "No reference",
                                                      "Python error",
                                                      "No answer"};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define LIST(array)  .max = COUNT(array) - 1, .labels = (array), .n_labels = COUNT(array)
#define SWITCH       LIST(switch_labels), .is_switch = true
#define NUMBER(min_plain, max_plain, default_plain)                                    \
  .min = (min_plain), .max = (max_plain), .default_value = (default_plain),            \
  .n_decimals = 1
#define REPORT .read_only = true, .unsaved = true

/* Identifier, key, name, short name, unit, and what the values are.

   Hosts may know a parameter by its index: a new one goes to the end.
   Bpm is not given as a unit: pedalboard would make it part of the name. */
static const ParamInfo table[N_PARAMS] = {
  [PARAM_TARGET] = {1, "target", "Target", "Target", "", LIST(target_labels)},
  [PARAM_OUTPUT] = {2, "output", "Output", "Output", "", LIST(output_labels)},
  [PARAM_AMOUNT] = {3, "amount", "Amount", "Amount", "%", NUMBER(0.0, 100.0, 100.0)},
  [PARAM_BEAT_SOURCE] =
    {4, "beat_source", "Beat source", "Beats", "", LIST(beat_source_labels)},
  [PARAM_TEMPO]   = {5, "tempo", "Tempo", "Tempo", "", NUMBER(40.0, 240.0, 120.0)},
  [PARAM_STATUS]  = {6, "status", "Status", "Status", "", LIST(status_labels), REPORT},
  [PARAM_QUALITY] = {7, "quality", "Quality", "Quality", "", LIST(quality_labels)},
  [PARAM_CLIP]    = {8, "clip", "Clip", "Clip", "", LIST(clip_labels)},
  [PARAM_LEARN]   = {9, "learn", "Learn", "Learn", "", SWITCH},
  [PARAM_SENSITIVITY] =
    {10, "sensitivity", "Sensitivity", "Sens", "%", NUMBER(0.0, 100.0, 50.0)},
  [PARAM_BYPASS] = {11, "bypass", "Bypass", "Bypass", "", SWITCH, .is_bypass = true},
  [PARAM_DROPOUTS] =
    {12, "dropouts", "Dropouts", "Drops", "", .max = PARAMS_MAX_DROPOUTS, REPORT},
  [PARAM_COMPARE] = {13, "compare", "Compare", "A/B", "", SWITCH, .unsaved = true},
};

const ParamInfo*
params_info(const ParamIndex index)
{
  return &table[index];
}

const char*
params_label(const char* const* const labels, const uint32_t index)
{
  return __atomic_load_n(&labels[index], __ATOMIC_ACQUIRE);
}

void
params_set_label(const char** const labels,
                 const uint32_t     index,
                 const char* const  label)
{
  __atomic_store_n(&labels[index], label, __ATOMIC_RELEASE);
}

ParamIndex
params_find(const uint32_t id)
{
  unsigned i = 0;
  while (i < N_PARAMS && table[i].id != id) {
    ++i;
  }
  return (ParamIndex)i;
}

double
params_clamp(const ParamInfo* const info, const double plain)
{
  if (isnan(plain)) {
    return info->default_value;
  }
  const double bounded = fmax(info->min, fmin(info->max, plain));
  return info->labels ? floor(bounded + 0.5) : bounded;
}

double
params_round(const ParamInfo* const info, const double plain)
{
  static const double scale = 1e4; // of PARAMS_N_DECIMALS
  return round(params_clamp(info, plain) * scale) / scale;
}

double
params_to_plain(const ParamInfo* const info, const double normalised)
{
  // A list divides 0 to 1 into equal parts, as hosts do
  if (info->labels) {
    return fmax(0.0, fmin(info->max, floor(normalised * info->n_labels)));
  }
  return params_clamp(info, info->min + normalised * (info->max - info->min));
}

double
params_to_normalised(const ParamInfo* const info, const double plain)
{
  const double range = info->max - info->min;
  return range > 0.0 ? (params_clamp(info, plain) - info->min) / range : 0.0;
}

void
params_to_text(const ParamInfo* const info,
               const double           plain,
               char* const            text,
               const size_t           size)
{
  const double value = params_clamp(info, plain);
  if (info->labels) {
    snprintf(text, size, "%s", params_label(info->labels, (uint32_t)value));
  } else {
    number_to_text(value, info->n_decimals, text, size);
  }
}

bool
params_from_text(const ParamInfo* const info,
                 const char* const      text,
                 double* const          plain)
{
  for (uint32_t i = 0; i < info->n_labels; ++i) {
    if (!strcmp(text, params_label(info->labels, i))) {
      *plain = i;
      return true;
    }
  }

  double number = 0.0;
  if (info->labels || !number_from_text(text, &number)) {
    return false;
  }
  *plain = params_clamp(info, number);
  return true;
}
