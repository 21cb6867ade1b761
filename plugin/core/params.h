/* SPDX-License-Identifier: GPL-3.0-or-later

   The table of parameters, and conversion to and from text and the host's 0 to 1.

   All functions here but `params_set_label` are pure: any thread may call them. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Indices into the table, never changed; the host's identifier is `ParamInfo.id`
typedef enum {
  PARAM_TARGET,
  PARAM_OUTPUT,
  PARAM_AMOUNT,
  PARAM_BEAT_SOURCE,
  PARAM_TEMPO,
  PARAM_STATUS,
  PARAM_QUALITY,
  PARAM_CLIP,
  PARAM_LEARN,
  PARAM_SENSITIVITY,
  PARAM_BYPASS,
  PARAM_DROPOUTS,
  PARAM_COMPARE,
  N_PARAMS
} ParamIndex;

enum {
  PARAMS_MAX_DROPOUTS = 9999, ///< More are not counted
  PARAMS_N_DECIMALS   = 4     ///< Of a stored value
};

/// Values of `PARAM_OUTPUT`
typedef enum { OUTPUT_EXTRACTED, OUTPUT_EVERYTHING_ELSE } OutputChoice;

/// A parameter; its plain value is a number in `unit`, or an index into `labels`
typedef struct {
  uint32_t           id;            ///< Known to hosts and never changed
  const char*        key;           ///< Name in saved states, never changed
  const char*        name;          ///< Shown by the host
  const char*        short_name;    ///< Shown where there is little room
  const char*        unit;          ///< Shown by the host, or ""
  double             min;           ///< Plain
  double             max;           ///< Plain
  double             default_value; ///< Plain
  const char* const* labels;        ///< NULL for numbers
  uint32_t           n_labels;      ///< 0 for numbers
  uint8_t            n_decimals;    ///< Shown, of a number
  bool               read_only;     ///< Shown, not set
  bool               unsaved;       ///< Not part of a state, nor automated
  bool               is_switch;     ///< A list of off and on
  bool               is_bypass;     ///< The one that a host's own button is for
} ParamInfo;

/**
   Return a row of the table.

   That of the target lists what is built in; each instance has more: see
   references.h.
*/
const ParamInfo*
params_info(ParamIndex index);

/// Return a label of a list, which another thread may replace
const char*
params_label(const char* const* labels, uint32_t index);

/// Replace a label of a list that other threads may be looking at
void
params_set_label(const char** labels, uint32_t index, const char* label);

/// Return the index of an identifier, or `N_PARAMS` if it is unknown
ParamIndex
params_find(uint32_t id);

/// Return the plain value nearest to `plain` that the parameter can take
double
params_clamp(const ParamInfo* info, double plain);

/**
   Return a plain value as it is stored: possible, and of so many decimals that a
   state holds it exactly and a host's single precision does not show.
*/
double
params_round(const ParamInfo* info, double plain);

/// Return the plain value of a host's value
double
params_to_plain(const ParamInfo* info, double normalised);

/// Return the host's value, 0 to 1, of a plain value
double
params_to_normalised(const ParamInfo* info, double plain);

/// Write a plain value as the host shows it, without its unit
void
params_to_text(const ParamInfo* info, double plain, char* text, size_t size);

/// Read a plain value from text, unit or not; return false if it makes no sense
bool
params_from_text(const ParamInfo* info, const char* text, double* plain);
