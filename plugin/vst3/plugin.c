/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3/plugin.h"

#include "os/os.h"

#include <stdlib.h>

enum { WRITE_BYTES = 65536 }; // to a host's stream at a time

/* Life */

Vst3Plugin*
vst3_plugin_new(void)
{
  Vst3Plugin* const plugin   = (Vst3Plugin*)calloc(1, sizeof(Vst3Plugin));
  Instance* const   instance = instance_new();
  if (!plugin || !instance) {
    free(plugin);
    instance_free(instance);
    return NULL;
  }

  plugin->instance       = instance;
  plugin->sample_rate    = 44100.0;
  plugin->n_channels     = 2;
  plugin->n_sidechain    = 2;
  plugin->main_thread    = os_this_thread();
  plugin->names_revision = instance_names_revision(instance);
  atomic_init(&plugin->n_refs, 1);
  atomic_init(&plugin->is_restored, false);
  atomic_init(&plugin->is_noted, false);
  atomic_init(&plugin->known_latency, 0);
  return plugin;
}

static void
plugin_free(Vst3Plugin* const plugin)
{
  if (plugin->handler) {
    (*plugin->handler)->unref(plugin->handler);
  }
  instance_free(plugin->instance);
  free(plugin);
}

v3_result
vst3_plugin_query(Vst3Plugin* const plugin, const v3_tuid iid, void** const object)
{
  if (v3_tuid_match(iid, v3_funknown_iid) || v3_tuid_match(iid, v3_plugin_base_iid) ||
      v3_tuid_match(iid, v3_component_iid)) {
    *object = (void*)&plugin->component;
  } else if (v3_tuid_match(iid, v3_audio_processor_iid)) {
    *object = (void*)&plugin->processor;
  } else if (v3_tuid_match(iid, v3_edit_controller_iid)) {
    *object = (void*)&plugin->controller;
  } else if (v3_tuid_match(iid, v3_process_context_requirements_iid)) {
    *object = (void*)&plugin->requirements;
  } else {
    *object = NULL;
    return V3_NO_INTERFACE;
  }
  vst3_plugin_ref(plugin);
  return V3_OK;
}

uint32_t
vst3_plugin_ref(Vst3Plugin* const plugin)
{
  return atomic_fetch_add(&plugin->n_refs, 1) + 1;
}

uint32_t
vst3_plugin_unref(Vst3Plugin* const plugin)
{
  const uint32_t n_left = atomic_fetch_sub(&plugin->n_refs, 1) - 1;
  if (!n_left) {
    plugin_free(plugin);
  }
  return n_left;
}

/* Notifying the host */

static void
restart(Vst3Plugin* const plugin, const int32_t flags)
{
  if (plugin->handler) {
    (*plugin->handler)->restart_component(plugin->handler, flags);
  }
}

void
vst3_plugin_notify_values(Vst3Plugin* const plugin)
{
  const uint32_t revision = instance_names_revision(plugin->instance);
  const bool     differs  = revision != plugin->names_revision;
  plugin->names_revision  = revision;
  restart(plugin,
          V3_RESTART_PARAM_VALUES_CHANGED |
            (differs ? V3_RESTART_PARAM_TITLES_CHANGED : 0));
}

void
vst3_plugin_note_values(Vst3Plugin* const plugin)
{
  atomic_store(&plugin->is_noted, true);
  (void)vst3_plugin_notify_noted(plugin);
}

bool
vst3_plugin_notify_noted(Vst3Plugin* const plugin)
{
  const bool notifies = os_this_thread() == plugin->main_thread &&
                        atomic_exchange(&plugin->is_noted, false);
  if (notifies) {
    vst3_plugin_notify_values(plugin);
  }
  return notifies;
}

void
vst3_plugin_notify_latency(Vst3Plugin* const plugin)
{
  if (os_this_thread() != plugin->main_thread) {
    return; // hosts are notified on theirs, when they next set or read a value
  }
  const uint32_t wanted = instance_next_latency(plugin->instance, plugin->sample_rate);
  const uint32_t known  = atomic_load(&plugin->known_latency);
  const bool     is_announced = plugin->announced_latency == wanted;
  plugin->announced_latency   = wanted == known ? 0 : wanted;
  if (known && wanted != known && !is_announced) {
    restart(plugin, V3_RESTART_LATENCY_CHANGED);
  }
}

/* State */

/// Read some of a stream; what some hosts call an error is its end
static int64_t
read_some(void* const stream, void* const bytes, const uint32_t n_bytes)
{
  struct v3_bstream** const from   = (struct v3_bstream**)stream;
  const int32_t             n      = (int32_t)n_bytes;
  int32_t                   n_read = 0;
  const v3_result           result = (*from)->read(from, bytes, n, &n_read);
  return result == V3_OK && n_read > 0 && n_read <= n ? n_read : 0;
}

v3_result
vst3_plugin_read_state(Vst3Plugin* const plugin, struct v3_bstream** const stream)
{
  const StateBytes state = state_read_stream(read_some, (void*)stream);
  const bool       taken =
    state.bytes && instance_read_state(plugin->instance, state.bytes, state.n_bytes);
  free(state.bytes);
  if (!taken) {
    return V3_FALSE;
  }
  atomic_store(&plugin->is_restored, true);
  vst3_plugin_notify_values(plugin);
  vst3_plugin_notify_latency(plugin);
  return V3_OK;
}

v3_result
vst3_plugin_write_state(Vst3Plugin* const plugin, struct v3_bstream** const stream)
{
  const StateBytes state  = instance_write_state(plugin->instance);
  bool             done   = state.bytes;
  size_t           n_done = 0;
  while (done && n_done < state.n_bytes) {
    int32_t       n_written = 0;
    const size_t  n_left    = state.n_bytes - n_done;
    const int32_t n         = n_left < WRITE_BYTES ? (int32_t)n_left : WRITE_BYTES;
    done = (*stream)->write(stream, state.bytes + n_done, n, &n_written) == V3_OK &&
           n_written > 0 && n_written <= n;
    n_done += done ? (size_t)n_written : 0;
  }
  free(state.bytes);
  return done ? V3_OK : V3_INTERNAL_ERR;
}
