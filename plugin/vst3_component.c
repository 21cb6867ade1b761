/* SPDX-License-Identifier: GPL-3.0-or-later

   Translate buses, activation and state. */

#include "text16.h"
#include "vst3_plugin.h"

#include <string.h>

VST3_DEFINE_UNKNOWN(component)

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
  vst3_plugin_deactivate(VST3_PLUGIN_OF(self, component));
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
  return media_type == V3_AUDIO && (direction == V3_INPUT || direction == V3_OUTPUT);
}

static v3_result V3_API
get_bus_info(void* const               self,
             const int32_t             media_type,
             const int32_t             direction,
             const int32_t             index,
             struct v3_bus_info* const info)
{
  if (index != 0 || !get_bus_count(self, media_type, direction)) {
    return V3_INVALID_ARG;
  }
  memset(info, 0, sizeof(*info));
  info->media_type    = media_type;
  info->direction     = direction;
  info->channel_count = (int32_t)VST3_PLUGIN_OF(self, component)->n_channels;
  info->bus_type      = V3_MAIN;
  info->flags         = V3_DEFAULT_ACTIVE;
  text16_from(
    info->bus_name, VST3_TEXT_SIZE, direction == V3_INPUT ? "Input" : "Output");
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
  (void)state;
  return index == 0 && get_bus_count(self, media_type, direction) ? V3_OK
                                                                  : V3_INVALID_ARG;
}

static v3_result V3_API
set_active(void* const self, const v3_bool state)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, component);
  if (state) {
    return vst3_plugin_activate(plugin) ? V3_OK : V3_NOMEM;
  }
  vst3_plugin_deactivate(plugin);
  return V3_OK;
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
