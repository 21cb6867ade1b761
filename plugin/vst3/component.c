/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3/component.h"

#include "core/utf16.h"
#include "vst3/plugin.h"

#include <string.h>

VST3_DEFINE_UNKNOWN(component)

/// Write the name of the host, or "" if it has none
static void
name_host(struct v3_funknown** const context, char name[VST3_TEXT_SIZE])
{
  struct v3_host_application** application = NULL;
  name[0]                                  = '\0';
  if (!context || (*context)->query_interface(
                    context, v3_host_application_iid, (void**)&application) != V3_OK) {
    return;
  }
  v3_str_128 text16 = {0};
  if ((*application)->get_name(application, text16) == V3_OK) {
    utf16_to_utf8(name, VST3_TEXT_SIZE, text16);
  }
  (*application)->unref(application);
}

static v3_result V3_API
initialize(void* const self, struct v3_funknown** const context)
{
  char name[VST3_TEXT_SIZE];
  name_host(context, name);
  VST3_PLUGIN_OF(self, component)->ardour.is_host = ardour_has_name(name);
  return V3_OK;
}

static v3_result V3_API
terminate(void* const self)
{
  instance_deactivate(VST3_PLUGIN_OF(self, component)->instance);
  return V3_OK;
}

static v3_result V3_API
get_controller_class_id(void* const self, v3_tuid class_id)
{
  // The component is its own controller
  (void)self;
  (void)class_id;
  return V3_NOT_IMPLEMENTED;
}

static v3_result V3_API
set_io_mode(void* const self, const int32_t io_mode)
{
  (void)self;
  (void)io_mode;
  return V3_NOT_IMPLEMENTED;
}

static int32_t V3_API
get_bus_count(void* const self, const int32_t media_type, const int32_t direction)
{
  (void)self;
  return media_type != V3_AUDIO   ? 0
         : direction == V3_INPUT  ? 2
         : direction == V3_OUTPUT ? 1
                                  : 0;
}

static v3_result V3_API
get_bus_info(void* const               self,
             const int32_t             media_type,
             const int32_t             direction,
             const int32_t             index,
             struct v3_bus_info* const info)
{
  if (index < 0 || index >= get_bus_count(self, media_type, direction)) {
    return V3_INVALID_ARG;
  }
  const Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, component);
  const char* const       name   = index                   ? "Sidechain"
                                   : direction == V3_INPUT ? "Input"
                                                           : "Output";
  memset(info, 0, sizeof(*info));
  info->media_type    = media_type;
  info->direction     = direction;
  info->channel_count = (int32_t)(index ? plugin->n_sidechain : plugin->n_channels);
  info->bus_type      = index ? V3_AUX : V3_MAIN;
  info->flags         = index ? 0 : V3_DEFAULT_ACTIVE;
  utf16_from_utf8(info->bus_name, VST3_TEXT_SIZE, name);
  return V3_OK;
}

static v3_result V3_API
get_routing_info(void* const                   self,
                 struct v3_routing_info* const input,
                 struct v3_routing_info* const output)
{
  (void)self;
  (void)input;
  (void)output;
  return V3_NOT_IMPLEMENTED;
}

static v3_result V3_API
activate_bus(void* const   self,
             const int32_t media_type,
             const int32_t direction,
             const int32_t index,
             const v3_bool state)
{
  if (index < 0 || index >= get_bus_count(self, media_type, direction)) {
    return V3_INVALID_ARG;
  }
  if (index) {
    VST3_PLUGIN_OF(self, component)->sidechain_is_used = state;
  }
  return V3_OK;
}

static v3_result V3_API
set_active(void* const self, const v3_bool state)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, component);
  if (!state) {
    instance_deactivate(plugin->instance);
    return V3_OK;
  }
  if (plugin->is_refused) { // JUCE goes on as if nothing was
    instance_show_idle(plugin->instance);
    vst3_plugin_note_values(plugin);
    return V3_FALSE;
  }
  ardour_activate(&plugin->ardour);
  const uint32_t n_sidechain = plugin->sidechain_is_used ? plugin->n_sidechain : 0;
  return instance_activate(
           plugin->instance, plugin->sample_rate, plugin->n_channels, n_sidechain)
           ? V3_OK
           : V3_NOMEM;
}

static v3_result V3_API
set_state(void* const self, struct v3_bstream** const stream)
{
  return stream ? vst3_plugin_read_state(VST3_PLUGIN_OF(self, component), stream)
                : V3_INVALID_ARG;
}

static v3_result V3_API
get_state(void* const self, struct v3_bstream** const stream)
{
  vst3_plugin_notify_noted(VST3_PLUGIN_OF(self, component));
  return stream ? vst3_plugin_write_state(VST3_PLUGIN_OF(self, component), stream)
                : V3_INVALID_ARG;
}

const struct v3_component vst3_component = {
  .query_interface         = component_query,
  .ref                     = component_ref,
  .unref                   = component_unref,
  .initialize              = initialize,
  .terminate               = terminate,
  .get_controller_class_id = get_controller_class_id,
  .set_io_mode             = set_io_mode,
  .get_bus_count           = get_bus_count,
  .get_bus_info            = get_bus_info,
  .get_routing_info        = get_routing_info,
  .activate_bus            = activate_bus,
  .set_active              = set_active,
  .set_state               = set_state,
  .get_state               = get_state,
};
