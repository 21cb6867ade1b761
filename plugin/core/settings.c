/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/settings.h"

#include <math.h>

StreamSettings
settings_initial(void)
{
  return (StreamSettings){
    .beat_source = BEATS_DETECT, .tempo_bpm = 120.0, .sensitivity = 0.5};
}

StreamSettings
settings_of(const double values[N_PARAMS])
{
  return (StreamSettings){.target      = (uint32_t)values[PARAM_TARGET],
                          .quality     = (uint32_t)values[PARAM_QUALITY],
                          .beat_source = (uint32_t)values[PARAM_BEAT_SOURCE],
                          .learn       = (uint32_t)values[PARAM_LEARN],
                          .tempo_bpm   = values[PARAM_TEMPO],
                          .sensitivity = values[PARAM_SENSITIVITY] / 100.0};
}

static bool
differ(const double one, const double other)
{
  return fabs(one - other) > 1e-9;
}

bool
settings_differ(const StreamSettings* const one, const StreamSettings* const other)
{
  return one->target != other->target || one->quality != other->quality ||
         one->beat_source != other->beat_source || one->learn != other->learn ||
         differ(one->tempo_bpm, other->tempo_bpm) ||
         differ(one->sensitivity, other->sensitivity);
}
