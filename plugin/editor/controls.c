/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/controls.h"

#define NUMBER_STEPS .step = 1.0, .fine_step = 0.1, .page = 10.0
#define LIST_STEPS   .step = 1.0, .fine_step = 1.0, .page = 8.0

static const ControlInfo table[N_AREAS] = {
  [CONTROL_TARGET]      = {KIND_LIST, PARAM_TARGET, LIST_STEPS},
  [CONTROL_OUTPUT]      = {KIND_SEGMENTS, PARAM_OUTPUT, LIST_STEPS},
  [CONTROL_COMPARE]     = {KIND_SWITCH, PARAM_COMPARE, LIST_STEPS},
  [CONTROL_BYPASS]      = {KIND_SWITCH, PARAM_BYPASS, LIST_STEPS},
  [CONTROL_PREVIOUS]    = {KIND_BUTTON, N_PARAMS, LIST_STEPS},
  [CONTROL_NEXT]        = {KIND_BUTTON, N_PARAMS, LIST_STEPS},
  [CONTROL_LEARN]       = {KIND_SWITCH, PARAM_LEARN, LIST_STEPS},
  [CONTROL_OPEN]        = {KIND_BUTTON, N_PARAMS, LIST_STEPS},
  [CONTROL_AMOUNT]      = {KIND_SLIDER, PARAM_AMOUNT, NUMBER_STEPS},
  [CONTROL_SENSITIVITY] = {KIND_SLIDER, PARAM_SENSITIVITY, NUMBER_STEPS},
  [CONTROL_CLIP]        = {KIND_LIST, PARAM_CLIP, LIST_STEPS},
  [CONTROL_QUALITY]     = {KIND_LIST, PARAM_QUALITY, LIST_STEPS},
  [CONTROL_BEAT_SOURCE] = {KIND_LIST, PARAM_BEAT_SOURCE, LIST_STEPS},
  [CONTROL_TEMPO]       = {KIND_NUMBER, PARAM_TEMPO, NUMBER_STEPS},
  [AREA_SONG]           = {KIND_AREA, N_PARAMS, 0.0, 0.0, 0.0},
  [AREA_REFERENCE]      = {KIND_AREA, N_PARAMS, 0.0, 0.0, 0.0},
  [AREA_METERS]         = {KIND_AREA, N_PARAMS, 0.0, 0.0, 0.0},
  [AREA_STATUS]         = {KIND_AREA, PARAM_STATUS, 0.0, 0.0, 0.0},
  [AREA_DROPOUTS]       = {KIND_AREA, PARAM_DROPOUTS, 0.0, 0.0, 0.0},
};

const ControlInfo*
control_info(const Control control)
{
  return &table[control];
}

bool
control_takes_digits(const Control control)
{
  return control < N_CONTROLS &&
         (table[control].kind == KIND_SLIDER || table[control].kind == KIND_NUMBER);
}
