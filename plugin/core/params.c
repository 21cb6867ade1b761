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

/* Hosts may know a parameter by its index: a new one goes to the end.
   Bpm is not given as a unit: pedalboard would make it part of the name. */
static const ParamInfo table[N_PARAMS] = {
  [PARAM_TARGET]      = {.id         = 1,
                         .key        = "target",
                         .name       = "Target",
                         .short_name = "Target",
                         .unit       = "",
                         LIST(target_labels)},
  [PARAM_OUTPUT]      = {.id         = 2,
                         .key        = "output",
                         .name       = "Output",
                         .short_name = "Output",
                         .unit       = "",
                         LIST(output_labels)},
  [PARAM_AMOUNT]      = {.id            = 3,
                         .key           = "amount",
                         .name          = "Amount",
                         .short_name    = "Amount",
                         .unit          = "%",
                         .max           = 100.0,
                         .default_value = 100.0,
                         .n_decimals    = 1},
  [PARAM_BEAT_SOURCE] = {.id         = 4,
                         .key        = "beat_source",
                         .name       = "Beat source",
                         .short_name = "Beats",
                         .unit       = "",
                         LIST(beat_source_labels)},
  [PARAM_TEMPO]       = {.id            = 5,
                         .key           = "tempo",
                         .name          = "Tempo",
                         .short_name    = "Tempo",
                         .unit          = "",
                         .min           = 40.0,
                         .max           = 240.0,
                         .default_value = 120.0,
                         .n_decimals    = 1},
  [PARAM_STATUS]      = {.id         = 6,
                         .key        = "status",
                         .name       = "Status",
                         .short_name = "Status",
                         .unit       = "",
                         LIST(status_labels),
                         .read_only = true,
                         .unsaved   = true},
  [PARAM_QUALITY]     = {.id         = 7,
                         .key        = "quality",
                         .name       = "Quality",
                         .short_name = "Quality",
                         .unit       = "",
                         LIST(quality_labels)},
  [PARAM_CLIP]        = {.id         = 8,
                         .key        = "clip",
                         .name       = "Clip",
                         .short_name = "Clip",
                         .unit       = "",
                         LIST(clip_labels)},
  [PARAM_LEARN]       = {.id         = 9,
                         .key        = "learn",
                         .name       = "Learn",
                         .short_name = "Learn",
                         .unit       = "",
                         SWITCH},
  [PARAM_SENSITIVITY] = {.id            = 10,
                         .key           = "sensitivity",
                         .name          = "Sensitivity",
                         .short_name    = "Sens",
                         .unit          = "%",
                         .max           = 100.0,
                         .default_value = 50.0,
                         .n_decimals    = 1},
  [PARAM_BYPASS]      = {.id         = 11,
                         .key        = "bypass",
                         .name       = "Bypass",
                         .short_name = "Bypass",
                         .unit       = "",
                         SWITCH,
                         .is_bypass = true},
  [PARAM_DROPOUTS]    = {.id         = 12,
                         .key        = "dropouts",
                         .name       = "Dropouts",
                         .short_name = "Drops",
                         .unit       = "",
                         .max        = PARAMS_MAX_DROPOUTS,
                         .read_only  = true,
                         .unsaved    = true},
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
params_stored(const ParamInfo* const info, const double plain)
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
