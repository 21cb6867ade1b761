/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3/controller.h"

#include "core/utf16.h"
#include "vst3/plugin.h"

#include <string.h>

VST3_DEFINE_UNKNOWN(controller)

static v3_result V3_API
initialize(void* const self, struct v3_funknown** const context)
{
  (void)self;
  (void)context;
  return V3_OK;
}

static v3_result V3_API
terminate(void* const self)
{
  (void)self;
  return V3_OK;
}

static v3_result V3_API
set_component_state(void* const self, struct v3_bstream** const stream)
{
  return stream ? vst3_plugin_read_state(VST3_PLUGIN_OF(self, controller), stream)
                : V3_INVALID_ARG;
}

/// Neither read nor write: all there is to know is in the component's state
static v3_result V3_API
decline_state(void* const self, struct v3_bstream** const stream)
{
  (void)self;
  (void)stream;
  return V3_NOT_IMPLEMENTED;
}

static int32_t V3_API
get_parameter_count(void* const self)
{
  (void)self;
  return N_PARAMS;
}

static v3_result V3_API
get_parameter_info(void* const                 self,
                   const int32_t               index,
                   struct v3_param_info* const info)
{
  if (index < 0 || index >= N_PARAMS) {
    return V3_INVALID_ARG;
  }
  const ParamInfo row =
    instance_param(VST3_PLUGIN_OF(self, controller)->instance, (ParamIndex)index);
  memset(info, 0, sizeof(*info));
  info->param_id                 = row.id;
  info->step_count               = row.labels ? (int32_t)row.n_labels - 1 : 0;
  info->default_normalised_value = params_to_normalised(&row, row.default_value);
  info->flags                    = (row.read_only ? V3_PARAM_READ_ONLY : 0) |
                (row.unsaved ? 0 : V3_PARAM_CAN_AUTOMATE) |
                (row.labels && !row.is_switch ? V3_PARAM_IS_LIST : 0) |
                (row.is_bypass ? V3_PARAM_IS_BYPASS : 0);
  utf16_from_utf8(info->title, VST3_TEXT_SIZE, row.name);
  utf16_from_utf8(info->short_title, VST3_TEXT_SIZE, row.short_name);
  utf16_from_utf8(info->units, VST3_TEXT_SIZE, row.unit);
  return V3_OK;
}

/// Find a parameter's row; return false if the identifier is unknown
static bool
find_row(void* const self, const v3_param_id id, ParamInfo* const row)
{
  const ParamIndex index = params_find(id);
  if (index < N_PARAMS) {
    *row = instance_param(VST3_PLUGIN_OF(self, controller)->instance, index);
  }
  return index < N_PARAMS;
}

static v3_result V3_API
get_parameter_string_for_value(void* const       self,
                               const v3_param_id id,
                               const double      normalised,
                               v3_str_128        output)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, controller);
  ParamInfo         row;
  if (!find_row(self, id, &row)) {
    return V3_INVALID_ARG;
  }
  // JUCE shows what was reported last, without a look at what the plugin holds
  double plain = params_to_plain(&row, normalised);
  if (vst3_plugin_notify_noted(plugin) && row.read_only) {
    plain = instance_value(plugin->instance, params_find(id));
  }
  char text[VST3_TEXT_SIZE];
  params_to_text(&row, plain, text, sizeof(text));
  utf16_from_utf8(output, VST3_TEXT_SIZE, text);
  return V3_OK;
}

static v3_result V3_API
get_parameter_value_for_string(void* const       self,
                               const v3_param_id id,
                               int16_t* const    input,
                               double* const     output)
{
  ParamInfo row;
  if (!find_row(self, id, &row) || !input) {
    return V3_INVALID_ARG;
  }
  char   text[VST3_TEXT_SIZE];
  double plain = 0.0;
  utf16_to_utf8(text, sizeof(text), input);
  if (!params_from_text(&row, text, &plain)) {
    return V3_FALSE;
  }
  *output = params_to_normalised(&row, plain);
  return V3_OK;
}

static double V3_API
normalised_parameter_to_plain(void* const       self,
                              const v3_param_id id,
                              const double      normalised)
{
  ParamInfo row;
  return find_row(self, id, &row) ? params_to_plain(&row, normalised) : 0.0;
}

static double V3_API
plain_parameter_to_normalised(void* const       self,
                              const v3_param_id id,
                              const double      plain)
{
  ParamInfo row;
  return find_row(self, id, &row) ? params_to_normalised(&row, plain) : 0.0;
}

static double V3_API
get_parameter_normalised(void* const self, const v3_param_id id)
{
  const Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, controller);
  ParamInfo               row;
  return find_row(self, id, &row)
           ? params_to_normalised(&row,
                                  instance_value(plugin->instance, params_find(id)))
           : 0.0;
}

static v3_result V3_API
set_parameter_normalised(void* const       self,
                         const v3_param_id id,
                         const double      normalised)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, controller);
  ParamInfo         row;
  if (!find_row(self, id, &row)) {
    return V3_INVALID_ARG;
  }
  // Hosts repeat here what the processor reported of a read-only one
  const ParamIndex index = params_find(id);
  instance_set_value(plugin->instance, index, params_to_plain(&row, normalised));
  if (index == PARAM_CLIP) {
    vst3_plugin_notify_latency(plugin);
  }
  return V3_OK;
}

static v3_result V3_API
set_component_handler(void* const self, struct v3_component_handler** const handler)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, controller);
  if (handler) {
    (*handler)->ref(handler);
  }
  if (plugin->handler) {
    (*plugin->handler)->unref(plugin->handler);
  }
  plugin->handler = handler;
  return V3_OK;
}

static struct v3_plugin_view** V3_API
create_view(void* const self, const char* const name)
{
  (void)self;
  (void)name;
  return NULL;
}

const struct v3_edit_controller vst3_controller = {
  .query_interface                = controller_query,
  .ref                            = controller_ref,
  .unref                          = controller_unref,
  .initialize                     = initialize,
  .terminate                      = terminate,
  .set_component_state            = set_component_state,
  .set_state                      = decline_state,
  .get_state                      = decline_state,
  .get_parameter_count            = get_parameter_count,
  .get_parameter_info             = get_parameter_info,
  .get_parameter_string_for_value = get_parameter_string_for_value,
  .get_parameter_value_for_string = get_parameter_value_for_string,
  .normalised_parameter_to_plain  = normalised_parameter_to_plain,
  .plain_parameter_to_normalised  = plain_parameter_to_normalised,
  .get_parameter_normalised       = get_parameter_normalised,
  .set_parameter_normalised       = set_parameter_normalised,
  .set_component_handler          = set_component_handler,
  .create_view                    = create_view,
};
