/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "clap/extensions.h"

#include "clap/gui.h"
#include "clap/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAIN = 1, PORT_SIDECHAIN = 2 };

/* Ports */

static uint32_t CLAP_ABI
count_ports(const clap_plugin_t* const clap, const bool is_input)
{
  (void)clap;
  return is_input ? 2 : 1;
}

static const char*
type_of(const uint32_t n_channels)
{
  return n_channels == 1 ? CLAP_PORT_MONO : CLAP_PORT_STEREO;
}

static bool CLAP_ABI
get_port(const clap_plugin_t* const    clap,
         const uint32_t                index,
         const bool                    is_input,
         clap_audio_port_info_t* const info)
{
  if (index >= count_ports(clap, is_input)) {
    return false;
  }
  const char* const name = index ? "Sidechain" : is_input ? "Input" : "Output";
  memset(info, 0, sizeof(*info));
  snprintf(info->name, sizeof(info->name), "%s", name);
  info->id            = index ? PORT_SIDECHAIN : PORT_MAIN;
  info->flags         = index ? 0 : CLAP_AUDIO_PORT_IS_MAIN;
  info->channel_count = CLAP_PLUGIN_OF(clap)->n_channels;
  info->port_type     = type_of(info->channel_count);
  info->in_place_pair = index ? CLAP_INVALID_ID : PORT_MAIN;
  return true;
}

static const clap_plugin_audio_ports_t ports = {count_ports, get_port};

/* Layouts: all ports have one channel, or all have two */

static uint32_t CLAP_ABI
count_configs(const clap_plugin_t* const clap)
{
  (void)clap;
  return 2;
}

static bool CLAP_ABI
get_config(const clap_plugin_t* const clap,
           const uint32_t             index,
           ClapPortsConfig* const     config)
{
  if (index >= count_configs(clap)) {
    return false;
  }
  const uint32_t n_channels = 2 - index; // the default first
  memset(config, 0, sizeof(*config));
  snprintf(config->name, sizeof(config->name), "%s", index ? "Mono" : "Stereo");
  config->id                = n_channels;
  config->n_inputs          = count_ports(clap, true);
  config->n_outputs         = count_ports(clap, false);
  config->has_main_input    = true;
  config->n_input_channels  = n_channels;
  config->input_type        = type_of(n_channels);
  config->has_main_output   = true;
  config->n_output_channels = n_channels;
  config->output_type       = type_of(n_channels);
  return true;
}

static bool CLAP_ABI
select_config(const clap_plugin_t* const clap, const clap_id id)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  if (id < 1 || id > 2 || instance_is_active(plugin->instance)) {
    return false;
  }
  plugin->n_channels = id;
  return true;
}

static const ClapPortsConfigs configs = {count_configs, get_config, select_config};

/* State */

static bool CLAP_ABI
save(const clap_plugin_t* const clap, const clap_ostream_t* const stream)
{
  const StateBytes state  = instance_write_state(CLAP_PLUGIN_OF(clap)->instance);
  bool             done   = state.bytes;
  size_t           n_done = 0;
  while (done && n_done < state.n_bytes) {
    const size_t  n_left = state.n_bytes - n_done;
    const int64_t n      = stream->write(stream, state.bytes + n_done, n_left);

    done = n > 0 && (uint64_t)n <= n_left;
    n_done += done ? (size_t)n : 0;
  }
  free(state.bytes);
  return done;
}

static int64_t
read_some(void* const stream, void* const bytes, const uint32_t n_bytes)
{
  const clap_istream_t* const from = (const clap_istream_t*)stream;
  return from->read(from, bytes, n_bytes);
}

static bool CLAP_ABI
load(const clap_plugin_t* const clap, const clap_istream_t* const stream)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  const StateBytes  state  = state_read_stream(read_some, (void*)stream);
  const bool        taken =
    state.bytes && instance_read_state(plugin->instance, state.bytes, state.n_bytes);
  free(state.bytes);
  if (taken) {
    clap_plugin_notify_values(plugin);
    clap_plugin_request_restart(plugin);
  }
  return taken;
}

static const clap_plugin_state_t states = {save, load};

/* Latency and tail */

static uint32_t CLAP_ABI
get_latency(const clap_plugin_t* const clap)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  plugin->known_latency    = instance_latency(plugin->instance, plugin->sample_rate);
  return plugin->known_latency;
}

static uint32_t CLAP_ABI
get_tail(const clap_plugin_t* const clap)
{
  // The last input leaves after the latency, which a tail is to include
  const ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  return instance_latency(plugin->instance, plugin->sample_rate);
}

static const clap_plugin_latency_t latency = {get_latency};
static const ClapTail              tail    = {get_tail};

/* Rendering */

static bool CLAP_ABI
must_be_realtime(const clap_plugin_t* const clap)
{
  (void)clap;
  return false;
}

static bool CLAP_ABI
set_render_mode(const clap_plugin_t* const clap, const int32_t mode)
{
  if (mode != CLAP_TYPES_REALTIME && mode != CLAP_TYPES_OFFLINE) {
    return false;
  }
  atomic_store(&CLAP_PLUGIN_OF(clap)->offline, mode == CLAP_TYPES_OFFLINE);
  return true;
}

static const ClapRender render = {must_be_realtime, set_render_mode};

/* All of them */

/// An extension, and the table that hosts get for it
typedef struct {
  const char* id;
  const void* table;
} Extension;

const void*
clap_extension(const char* const id)
{
  static const Extension extensions[] = {
    {CLAP_EXT_AUDIO_PORTS, &ports},
    {CLAP_TYPES_PORTS_CONFIG, &configs},
    {CLAP_EXT_STATE, &states},
    {CLAP_EXT_LATENCY, &latency},
    {CLAP_TYPES_TAIL, &tail},
    {CLAP_TYPES_RENDER, &render},
    {CLAP_EXT_GUI, &clap_gui},
    {CLAP_EXT_TIMER_SUPPORT, &clap_gui_timers},
    {CLAP_TYPES_DESCRIPTORS, &clap_gui_descriptors},
  };
  for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); ++i) {
    if (!strcmp(id, extensions[i].id)) {
      return extensions[i].table;
    }
  }
  return NULL;
}
