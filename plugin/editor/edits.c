/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/edits.h"

#include <math.h>

void
edits_begin(Edits* const edits, const ParamIndex param)
{
  edits_end(edits);
  if (param < N_PARAMS && !params_info(param)->read_only) {
    edits->held = param;
    edits->actions.begin_edit(edits->actions.handle, param);
  }
}

void
edits_set(Edits* const edits, const double plain)
{
  const ParamIndex param = edits->held;
  if (param == N_PARAMS) {
    return;
  }
  const double value = params_round(scene_param(edits->scene, param), plain);
  if (fabs(value - edits->scene->values[param]) > 1e-9) {
    edits->scene->values[param] = value;
    edits->actions.set_value(edits->actions.handle, param, value);
  }
}

void
edits_end(Edits* const edits)
{
  const ParamIndex param = edits->held;
  if (param != N_PARAMS) {
    edits->held = N_PARAMS;
    edits->actions.end_edit(edits->actions.handle, param);
  }
}

void
edits_set_once(Edits* const edits, const ParamIndex param, const double plain)
{
  // A list that grew may have fewer entries than a host's automation knows
  const double value = params_round(scene_param(edits->scene, param), plain);
  if (fabs(value - edits->scene->values[param]) > 1e-9) {
    edits_begin(edits, param);
    edits_set(edits, value);
    edits_end(edits);
  }
}

void
edits_step(Edits* const  edits,
           const Control control,
           const double  n_steps,
           const bool    fine)
{
  const ControlInfo* const info = control_info(control);
  if (info->param < N_PARAMS && edits_are_possible(edits->scene, control)) {
    const double step  = fine ? info->fine_step : info->step;
    const double value = edits->scene->values[info->param];
    edits_set_once(edits, info->param, value + n_steps * step);
  }
}

void
edits_reset(Edits* const edits, const Control control)
{
  const ParamIndex param = control_info(control)->param;
  if (param < N_PARAMS && edits_are_possible(edits->scene, control)) {
    edits_set_once(edits, param, params_info(param)->default_value);
  }
}

/// Choose the next of the user's references in a direction, around the ends
static void
step_reference(Edits* const edits, const int direction)
{
  const Scene* const scene = edits->scene;
  const int          first = (int)scene->learned_index + 1;
  const int          n     = (int)scene->target.n_labels - first;
  const int          now   = (int)scene->values[PARAM_TARGET] - first;
  if (n > 0) {
    const int from = now < 0 ? (direction > 0 ? -1 : n) : now;
    edits_set_once(edits, PARAM_TARGET, first + (from + direction + n) % n);
  }
}

void
edits_press(Edits* const edits, const Control control)
{
  if (!edits_are_possible(edits->scene, control)) {
    return;
  }
  switch (control) {
    case CONTROL_OPEN:
      edits->actions.choose_file(edits->actions.handle);
      return;
    case CONTROL_PREVIOUS:
      step_reference(edits, -1);
      return;
    case CONTROL_NEXT:
      step_reference(edits, 1);
      return;
    default:
      if (control_info(control)->kind == KIND_SWITCH) {
        const ParamIndex param = control_info(control)->param;
        edits_set_once(edits, param, edits->scene->values[param] > 0.5 ? 0.0 : 1.0);
      }
  }
}

bool
edits_are_possible(const Scene* const scene, const Control control)
{
  switch (control) {
    case CONTROL_PREVIOUS:
    case CONTROL_NEXT:
      return scene->target.n_labels > scene->learned_index + 1;
    case CONTROL_TEMPO: // else it shows the tempo in use, and a change would not be
                        // seen
      return (uint32_t)scene->values[PARAM_BEAT_SOURCE] == BEATS_FIXED;
    default:
      return true;
  }
}
