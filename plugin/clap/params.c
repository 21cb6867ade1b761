/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "clap/params.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/// Find a parameter's row; return false if the identifier is unknown
static bool
find_row(const clap_plugin_t* const clap, const clap_id id, ParamInfo* const row)
{
  const ParamIndex index = params_find(id);
  if (index < N_PARAMS) {
    *row = instance_param(CLAP_PLUGIN_OF(clap)->instance, index);
  }
  return index < N_PARAMS;
}

static uint32_t CLAP_ABI
count(const clap_plugin_t* const clap)
{
  (void)clap;
  return N_PARAMS;
}

static uint32_t
flags_of(const ParamInfo* const row)
{
  return (row->labels ? CLAP_PARAM_IS_STEPPED : 0) |
         (row->labels && !row->is_switch ? CLAP_TYPES_IS_ENUM : 0) |
         (row->read_only ? CLAP_PARAM_IS_READONLY : 0) |
         (row->unsaved ? 0 : CLAP_PARAM_IS_AUTOMATABLE) |
         (row->is_bypass ? CLAP_PARAM_IS_BYPASS : 0);
}

static bool CLAP_ABI
get_info(const clap_plugin_t* const clap,
         const uint32_t             index,
         clap_param_info_t* const   info)
{
  if (index >= N_PARAMS) {
    return false;
  }
  const ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  const ParamInfo         row    = instance_param(plugin->instance, (ParamIndex)index);
  memset(info, 0, sizeof(*info));
  info->id            = row.id;
  info->flags         = flags_of(&row);
  info->min_value     = row.min;
  info->max_value     = index == PARAM_TARGET ? plugin->n_targets - 1 : row.max;
  info->default_value = row.default_value;
  snprintf(info->name, sizeof(info->name), "%s", row.name);
  return true;
}

static bool CLAP_ABI
get_value(const clap_plugin_t* const clap, const clap_id id, double* const value)
{
  const ParamIndex index = params_find(id);
  if (index < N_PARAMS) {
    *value = instance_value(CLAP_PLUGIN_OF(clap)->instance, index);
  }
  return index < N_PARAMS;
}

static bool CLAP_ABI
value_to_text(const clap_plugin_t* const clap,
              const clap_id              id,
              const double               value,
              char* const                display,
              const uint32_t             size)
{
  ParamInfo row;
  if (!find_row(clap, id, &row) || !size || !isfinite(value)) {
    return false;
  }
  params_to_text(&row, value, display, size);
  const size_t n = strlen(display);
  if (row.unit[0]) {
    snprintf(display + n, size - n, " %s", row.unit);
  }
  return true;
}

static bool CLAP_ABI
text_to_value(const clap_plugin_t* const clap,
              const clap_id              id,
              const char* const          display,
              double* const              value)
{
  ParamInfo row;
  return find_row(clap, id, &row) && params_from_text(&row, display, value);
}

static void CLAP_ABI
flush(const clap_plugin_t* const        clap,
      const clap_input_events_t* const  in,
      const clap_output_events_t* const out)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  const uint32_t    n      = in ? in->size(in) : 0;
  for (uint32_t i = 0; i < n; ++i) {
    clap_params_take(plugin, in->get(in, i));
  }
  clap_params_report(plugin, out);
}

const clap_plugin_params_t clap_params = {
  .count         = count,
  .get_info      = get_info,
  .get_value     = get_value,
  .value_to_text = value_to_text,
  .text_to_value = text_to_value,
  .flush         = flush,
};

/* Events */

void
clap_params_take(ClapPlugin* const plugin, const clap_event_header_t* const event)
{
  if (!event || event->space_id != CLAP_CORE_EVENT_SPACE_ID ||
      event->type != CLAP_EVENT_PARAM_VALUE) {
    return;
  }
  const clap_event_param_value_t* const change =
    (const clap_event_param_value_t*)(const void*)event;
  const ParamIndex index = params_find(change->param_id);
  if (index < N_PARAMS) {
    instance_set_value(plugin->instance, index, change->value);
    if (index == PARAM_CLIP) {
      clap_plugin_request_restart(plugin);
    }
  }
}

void
clap_params_report(ClapPlugin* const plugin, const clap_output_events_t* const events)
{
  Report report;
  while (instance_report(plugin->instance, &report)) {
    const clap_event_param_value_t event = {
      .header     = {.size     = sizeof(event),
                     .space_id = CLAP_CORE_EVENT_SPACE_ID,
                     .type     = CLAP_EVENT_PARAM_VALUE,
                     .flags    = CLAP_EVENT_DONT_RECORD},
      .param_id   = params_info(report.index)->id,
      .note_id    = -1,
      .port_index = -1,
      .channel    = -1,
      .key        = -1,
      .value      = report.plain};
    if (events) {
      (void)events->try_push(events, &event.header);
    }
  }
}
