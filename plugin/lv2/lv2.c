/* SPDX-License-Identifier: GPL-3.0-or-later

   Translate ports, state and activation of LV2; requinto.ttl describes them. */

#include "lv2/features.h"
#include "lv2/plugin.h"
#include "os/attributes.h"

#include <lv2/atom-util.h>
#include <lv2/state.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Life */

static LV2_Handle
instantiate(const LV2_Descriptor* const     descriptor,
            const double                    sample_rate,
            const char* const               bundle,
            const LV2_Feature* const* const features)
{
  (void)bundle;
  const LV2_URID_Map* const map =
    (const LV2_URID_Map*)lv2_find_feature(features, LV2_URID__map);
  if (!instance_takes_rate(sample_rate)) {
    return NULL;
  }
  Lv2Plugin* const plugin   = (Lv2Plugin*)calloc(1, sizeof(Lv2Plugin));
  Instance* const  instance = instance_new();
  if (!plugin || !instance) {
    free(plugin);
    instance_free(instance);
    return NULL;
  }
  plugin->instance       = instance;
  plugin->sample_rate    = sample_rate;
  plugin->n_channels     = strcmp(descriptor->URI, LV2_PORTS_MONO_URI) ? 2 : 1;
  plugin->ardour.is_host = lv2_is_ardour(features);
  plugin->has_uris       = map;
  if (map) {
    plugin->uris   = lv2_position_uris(map);
    plugin->chunk  = map->map(map->handle, LV2_ATOM__Chunk);
    plugin->number = map->map(map->handle, LV2_ATOM__Float);
    plugin->state  = map->map(map->handle, LV2_PORTS_STATE_URI);
    plugin->target = map->map(map->handle, LV2_PORTS_TARGET_URI);
  }
  atomic_init(&plugin->is_restored, false);
  atomic_init(&plugin->target_seen, NAN);
  atomic_init(&plugin->target_saved, NAN);
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    plugin->seen[i] = NAN;
  }
  return plugin;
}

static void
cleanup(const LV2_Handle handle)
{
  Lv2Plugin* const plugin = (Lv2Plugin*)handle;
  instance_free(plugin->instance);
  free(plugin);
}

static void
connect_port(const LV2_Handle handle, const uint32_t port, void* const data)
{
  if (port < LV2_MAX_PORTS) {
    ((Lv2Plugin*)handle)->ports[port] = data;
  }
}

static void
activate(const LV2_Handle handle)
{
  Lv2Plugin* const plugin = (Lv2Plugin*)handle;
  plugin->position        = lv2_position_unknown();
  // Without memory it stays inactive, and `run` gives silence
  (void)instance_activate(
    plugin->instance, plugin->sample_rate, plugin->n_channels, plugin->n_channels);
}

/// Log, where no host shows the status, that sound came faster than it is separated
static void
log_if_silent(const Lv2Plugin* const plugin)
{
  const Status status = (Status)instance_value(plugin->instance, PARAM_STATUS);
  if (!plugin->has_uris && plugin->is_live &&
      (status == STATUS_IDLE || status == STATUS_STARTING || status == STATUS_LATE)) {
    fprintf(stderr,
            "requinto: the host played faster than sound can be separated, so there is "
            "silence: set the port freewheel to 1 (lv2apply -c freewheel 1)\n");
  }
}

static void
deactivate(const LV2_Handle handle)
{
  Lv2Plugin* const plugin = (Lv2Plugin*)handle;
  log_if_silent(plugin);
  plugin->is_live = false;
  instance_deactivate(plugin->instance);
}

/* Values */

/// Return whether the target's port, which has moved, is to be followed
static bool
takes_target(Lv2Plugin* const       plugin,
             const float            port,
             const ParamInfo* const row,
             const bool             is_restored)
{
  atomic_store(&plugin->target_seen, port);
  // The state that has come knows the target by name: its index may be another now
  const bool is_stated = is_restored && port == atomic_load(&plugin->target_saved);
  // A sound of the user's that is not there leaves the target as it was
  return !is_stated && (double)port <= row->max;
}

/// Take the values of ports that have moved since they were looked at last
static void
take_values(Lv2Plugin* const plugin)
{
  const bool is_restored = atomic_exchange(&plugin->is_restored, false);
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamIndex   index = (ParamIndex)i;
    const ParamInfo    row   = instance_param(plugin->instance, index);
    const float* const port =
      (const float*)plugin->ports[lv2_param_port(plugin->n_channels, index)];
    if (row.read_only || !port || !isfinite(*port) || *port == plugin->seen[i]) {
      continue;
    }
    plugin->seen[i]    = *port;
    const double plain = lv2_port_value(&row, (double)*port);
    if (index != PARAM_TARGET || takes_target(plugin, *port, &row, is_restored)) {
      instance_set_value(plugin->instance, index, plain);
    }
  }
}

static void
write_port(const Lv2Plugin* const plugin, const uint32_t port, const double value)
{
  if (plugin->ports[port]) {
    *(float*)plugin->ports[port] = (float)value;
  }
}

/// Write what the plugin itself has changed to the host's ports
static void
write_values(const Lv2Plugin* const plugin)
{
  const Instance* const instance = plugin->instance;
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamIndex index = (ParamIndex)i;
    if (params_info(index)->read_only) {
      write_port(plugin,
                 lv2_param_port(plugin->n_channels, index),
                 instance_value(instance, index));
    }
  }
  write_port(plugin, LV2_PORT_LATENCY, instance_latency(instance, plugin->sample_rate));
}

/* Processing */

/// Return whether the instance is active and has what it must have
static bool
can_run(const Lv2Plugin* const plugin)
{
  bool can = instance_is_active(plugin->instance);
  for (uint32_t c = 0; c < plugin->n_channels; ++c) {
    can = can && plugin->ports[lv2_input_port(c)] &&
          plugin->ports[lv2_output_port(plugin->n_channels, c)];
  }
  return can;
}

static void
clear_outputs(const Lv2Plugin* const plugin, const uint32_t n_frames)
{
  for (uint32_t c = 0; c < plugin->n_channels; ++c) {
    void* const port = plugin->ports[lv2_output_port(plugin->n_channels, c)];
    if (port) {
      memset(port, 0, n_frames * sizeof(float));
    }
  }
}

/// Return the whole block that the host gives
static Block
block_of(const Lv2Plugin* const plugin, const uint32_t n_frames)
{
  const uint32_t n             = plugin->n_channels;
  Block          block         = {.n_frames = n_frames};
  bool           has_sidechain = true;
  for (uint32_t c = 0; c < n; ++c) {
    block.input[c]  = (const float*)plugin->ports[lv2_input_port(c)];
    block.output[c] = (float*)plugin->ports[lv2_output_port(n, c)];
    has_sidechain   = has_sidechain && plugin->ports[lv2_sidechain_port(n, c)];
  }
  for (uint32_t c = 0; has_sidechain && c < n; ++c) {
    block.sidechain[c] = (const float*)plugin->ports[lv2_sidechain_port(n, c)];
  }
  return block;
}

/// Process a part of a block in which the host's position moves on
static void
run_part(Lv2Plugin* const plugin, const Block part)
{
  const float* const freewheel = (const float*)plugin->ports[LV2_PORT_OFFLINE];
  const bool         offline   = freewheel && *freewheel > 0.0F;
  Transport          transport = lv2_position_transport(&plugin->position);
  const uint32_t     latency = instance_latency(plugin->instance, plugin->sample_rate);
  transport.n_ahead          = ardour_frames_ahead(&plugin->ardour, latency);
  instance_run(
    plugin->instance, part, plugin->position.is_known ? &transport : NULL, offline);
  plugin->is_live = plugin->is_live || !offline;
  lv2_position_advance(&plugin->position, part.n_frames, plugin->sample_rate);
}

/// Process a block, and what the host says of its position meanwhile
static void
run_block(Lv2Plugin* const plugin, const Block block)
{
  const LV2_Atom_Sequence* const events =
    (const LV2_Atom_Sequence*)plugin->ports[LV2_PORT_POSITION];
  uint32_t start = 0;
  if (events && plugin->has_uris) {
    LV2_ATOM_SEQUENCE_FOREACH(events, event)
    {
      if (event->time.frames > start && event->time.frames < block.n_frames) {
        const uint32_t end = (uint32_t)event->time.frames;
        run_part(plugin, block_slice(block, start, end - start));
        start = end;
      }
      lv2_position_take(&plugin->position, &plugin->uris, &event->body);
    }
  }
  if (start < block.n_frames) {
    run_part(plugin, block_slice(block, start, block.n_frames - start));
  }
}

static void
run(const LV2_Handle handle, const uint32_t n_frames)
{
  Lv2Plugin* const plugin = (Lv2Plugin*)handle;
  take_values(plugin);
  if (can_run(plugin)) {
    run_block(plugin, block_of(plugin, n_frames));
  } else {
    clear_outputs(plugin, n_frames);
  }
  write_values(plugin);
}

/* State */

static LV2_State_Status
save(const LV2_Handle                handle,
     const LV2_State_Store_Function  store,
     const LV2_State_Handle          host,
     const uint32_t                  flags,
     const LV2_Feature* const* const features)
{
  (void)flags;
  (void)features;
  const Lv2Plugin* const plugin = (const Lv2Plugin*)handle;
  if (!plugin->has_uris) {
    return LV2_STATE_ERR_NO_FEATURE;
  }
  const uint32_t   kind   = LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE;
  const float      target = atomic_load(&plugin->target_seen);
  const StateBytes state  = instance_write_state(plugin->instance);
  LV2_State_Status status = LV2_STATE_ERR_UNKNOWN;
  if (state.bytes) {
    status =
      store(host, plugin->state, state.bytes, state.n_bytes, plugin->chunk, kind);
  }
  free(state.bytes);
  return status != LV2_STATE_SUCCESS || isnan(target)
           ? status
           : store(host, plugin->target, &target, sizeof(target), plugin->number, kind);
}

/// Return what the target's port held when a state was saved, or NAN
static float
retrieve_target(const Lv2Plugin* const            plugin,
                const LV2_State_Retrieve_Function retrieve,
                const LV2_State_Handle            host)
{
  size_t            n_bytes = 0;
  uint32_t          type    = 0;
  uint32_t          flags   = 0;
  float             target  = NAN;
  const void* const value   = retrieve(host, plugin->target, &n_bytes, &type, &flags);
  if (value && type == plugin->number && n_bytes == sizeof(target)) {
    memcpy(&target, value, sizeof(target));
  }
  return target;
}

static LV2_State_Status
restore(const LV2_Handle                  handle,
        const LV2_State_Retrieve_Function retrieve,
        const LV2_State_Handle            host,
        const uint32_t                    flags,
        const LV2_Feature* const* const   features)
{
  (void)flags;
  (void)features;
  Lv2Plugin* const plugin = (Lv2Plugin*)handle;
  if (!plugin->has_uris) {
    return LV2_STATE_ERR_NO_FEATURE;
  }
  size_t            n_bytes     = 0;
  uint32_t          type        = 0;
  uint32_t          value_flags = 0;
  const void* const bytes =
    retrieve(host, plugin->state, &n_bytes, &type, &value_flags);
  if (!bytes) {
    return LV2_STATE_ERR_NO_PROPERTY;
  }
  if (type != plugin->chunk) {
    return LV2_STATE_ERR_BAD_TYPE;
  }
  if (!instance_read_state(plugin->instance, bytes, n_bytes)) {
    return LV2_STATE_ERR_UNKNOWN;
  }
  atomic_store(&plugin->target_saved, retrieve_target(plugin, retrieve, host));
  atomic_store(&plugin->is_restored, true);
  return LV2_STATE_SUCCESS;
}

static const void*
extension_data(const char* const uri)
{
  static const LV2_State_Interface states = {save, restore};
  return strcmp(uri, LV2_STATE__interface) ? NULL : &states;
}

/* The plugins */

#define DESCRIPTOR(uri)                                                                \
  {                                                                                    \
    (uri), instantiate, connect_port, activate, run, deactivate, cleanup,              \
      extension_data                                                                   \
  }

EXPORT const LV2_Descriptor*
lv2_descriptor(const uint32_t index)
{
  static const LV2_Descriptor descriptors[] = {DESCRIPTOR(LV2_PORTS_URI),
                                               DESCRIPTOR(LV2_PORTS_MONO_URI)};
  return index < sizeof(descriptors) / sizeof(descriptors[0]) ? &descriptors[index]
                                                              : NULL;
}
