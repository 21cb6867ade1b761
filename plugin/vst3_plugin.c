/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3_plugin.h"

#include "python.h"
#include "state.h"

#include <stdlib.h>

enum {
  // The longest that the host waits when it drops us.  Nobody can stop a library
  // that Python is loading, and a process that ends meanwhile may crash in it.
  END_MS = 20000
};

/* Life */

Vst3Plugin*
vst3_plugin_new(void)
{
  Vst3Plugin* const plugin = (Vst3Plugin*)calloc(1, sizeof(Vst3Plugin));
  Worker* const     worker = worker_new(python_load_bridge);
  if (!plugin || !worker) {
    free(plugin);
    worker_free(worker, 0);
    return NULL;
  }

  plugin->component    = &vst3_component;
  plugin->processor    = &vst3_processor;
  plugin->controller   = &vst3_controller;
  plugin->requirements = &vst3_requirements;
  plugin->worker       = worker;
  plugin->sample_rate  = 44100.0;
  plugin->n_channels   = 2;
  plugin->main_thread  = os_this_thread();
  atomic_init(&plugin->n_refs, 1);
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    atomic_init(&plugin->values[i], params_info((ParamIndex)i)->usual);
  }
  return plugin;
}

static void
plugin_free(Vst3Plugin* const plugin)
{
  vst3_plugin_deactivate(plugin);
  if (plugin->handler) {
    (*plugin->handler)->unref(plugin->handler);
  }
  // The worker may be inside Python, and a host that is Python may hold its lock
  const ReleasedLock released = python_release_lock();
  (void)worker_free(plugin->worker, END_MS);
  python_retake_lock(released);
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

/* Activation */

bool
vst3_plugin_activate(Vst3Plugin* const plugin)
{
  vst3_plugin_deactivate(plugin);
  Engine* const engine = engine_new(plugin->sample_rate, plugin->n_channels);
  if (!engine || !worker_serve(plugin->worker, engine_session(engine))) {
    engine_free(engine);
    return false;
  }
  plugin->is_guest = python_is_there();
  plugin->engine   = engine;
  return true;
}

void
vst3_plugin_deactivate(Vst3Plugin* const plugin)
{
  if (plugin->engine) {
    (void)worker_serve(plugin->worker, NULL);
    engine_free(plugin->engine);
    plugin->engine = NULL;
  }
}

/* Values */

void
vst3_plugin_tell_values(Vst3Plugin* const plugin)
{
  if (plugin->handler) {
    (*plugin->handler)
      ->restart_component(plugin->handler, V3_RESTART_PARAM_VALUES_CHANGED);
  }
}

v3_result
vst3_plugin_read_state(Vst3Plugin* const plugin, struct v3_bstream** const stream)
{
  char    text[STATE_MAX_BYTES];
  int32_t n_bytes = 0;
  int32_t n_read  = 0;
  do {
    n_read = 0;
    if ((*stream)->read(stream, text + n_bytes, STATE_MAX_BYTES - n_bytes, &n_read) !=
        V3_OK) {
      break;
    }
    n_bytes += n_read;
  } while (n_read > 0 && n_bytes < STATE_MAX_BYTES);

  double values[N_PARAMS];
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    values[i] = atomic_load(&plugin->values[i]);
  }
  if (n_bytes < 0 || !state_read(text, (size_t)n_bytes, values)) {
    return V3_FALSE;
  }
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    atomic_store(&plugin->values[i], values[i]);
  }
  vst3_plugin_tell_values(plugin);
  return V3_OK;
}

v3_result
vst3_plugin_write_state(Vst3Plugin* const plugin, struct v3_bstream** const stream)
{
  double values[N_PARAMS];
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    values[i] = atomic_load(&plugin->values[i]);
  }
  char          text[STATE_MAX_BYTES];
  const int32_t n_bytes   = (int32_t)state_write(values, text);
  int32_t       n_written = 0;
  if ((*stream)->write(stream, text, n_bytes, &n_written) != V3_OK) {
    return V3_INTERNAL_ERR;
  }
  return n_written == n_bytes ? V3_OK : V3_INTERNAL_ERR;
}
