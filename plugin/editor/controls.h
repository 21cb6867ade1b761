/* SPDX-License-Identifier: GPL-3.0-or-later

   What the user can take hold of, in the order in which Tab visits it.

   All functions are pure. */

#pragma once

#include "core/params.h"

#include <stdbool.h>

/// A control, or an area that only has a tooltip
typedef enum {
  CONTROL_TARGET,
  CONTROL_OUTPUT,
  CONTROL_COMPARE,
  CONTROL_BYPASS,
  CONTROL_PREVIOUS, ///< Of the user's references
  CONTROL_NEXT,
  CONTROL_LEARN,
  CONTROL_OPEN, ///< A sound file as the reference
  CONTROL_AMOUNT,
  CONTROL_SENSITIVITY,
  CONTROL_CLIP,
  CONTROL_QUALITY,
  CONTROL_BEAT_SOURCE,
  CONTROL_TEMPO,
  N_CONTROLS,
  AREA_SONG = N_CONTROLS,
  AREA_REFERENCE,
  AREA_METERS,
  AREA_STATUS,
  AREA_DROPOUTS,
  N_AREAS, ///< With the controls
  CONTROL_NONE = N_AREAS
} Control;

/// How a control is used
typedef enum {
  KIND_LIST,     ///< Opens a list of labels
  KIND_SEGMENTS, ///< Labels side by side
  KIND_SWITCH,   ///< Off or on
  KIND_BUTTON,   ///< Does something that is not a value
  KIND_SLIDER,   ///< A number by its position
  KIND_NUMBER,   ///< A number by its digits
  KIND_AREA      ///< Is only looked at
} ControlKind;

/// A control
typedef struct {
  ControlKind kind;
  ParamIndex  param;     ///< `N_PARAMS` for a button
  double      step;      ///< Of an arrow key or the wheel, for numbers
  double      fine_step; ///< The same with Shift
  double      page;      ///< Of Page Up and Page Down; entries of a list
} ControlInfo;

/// Return a row of the table; `control` is below `N_AREAS`
const ControlInfo*
control_info(Control control);

/// Return whether a control is a number that can be typed
bool
control_takes_digits(Control control);
