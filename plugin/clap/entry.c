/* SPDX-License-Identifier: GPL-3.0-or-later

   Export the entry point of CLAP, and create instances. */

#include "clap/edits.h"
#include "clap/extensions.h"
#include "clap/gui_window.h"
#include "clap/params.h"
#include "clap/plugin.h"
#include "clap/process.h"
#include "os/attributes.h"

#include <stdlib.h>
#include <string.h>

static const char* const features[] = {CLAP_PLUGIN_FEATURE_AUDIO_EFFECT,
                                       CLAP_PLUGIN_FEATURE_MIXING,
                                       CLAP_PLUGIN_FEATURE_STEREO,
                                       CLAP_PLUGIN_FEATURE_MONO,
                                       NULL};

static const clap_plugin_descriptor_t descriptor = {
  .clap_version = CLAP_VERSION_INIT,
  .id           = "org.requinto.requinto",
  .name         = "Requinto",
  .vendor       = "Requinto",
  .url          = "",
  .manual_url   = "",
  .support_url  = "",
  .version      = REQUINTO_VERSION,
  .description  = "Point at an instrument, get it out of the mix",
  .features     = (const char**)(uintptr_t)features,
};

/* Life */

static bool CLAP_ABI
init(const clap_plugin_t* const clap)
{
  ClapPlugin* const        plugin = CLAP_PLUGIN_OF(clap);
  const clap_host_t* const host   = plugin->host;
  plugin->instance                = instance_new();
  plugin->edits                   = clap_edits_new();
  if (!plugin->instance || !plugin->edits) {
    return false;
  }
  plugin->host_params =
    (const clap_host_params_t*)host->get_extension(host, CLAP_EXT_PARAMS);
  plugin->host_latency =
    (const clap_host_latency_t*)host->get_extension(host, CLAP_EXT_LATENCY);
  plugin->names_revision = instance_names_revision(plugin->instance);
  plugin->n_targets      = instance_param(plugin->instance, PARAM_TARGET).n_labels;
  plugin->known_latency  = instance_latency(plugin->instance, plugin->sample_rate);
  return true;
}

static void CLAP_ABI
destroy(const clap_plugin_t* const clap)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  clap_gui_window_free(plugin); // some hosts do not
  instance_free(plugin->instance);
  ring_free(plugin->edits);
  free(plugin);
}

static bool CLAP_ABI
activate(const clap_plugin_t* const clap,
         const double               sample_rate,
         const uint32_t             min_frames,
         const uint32_t             max_frames)
{
  (void)min_frames;
  (void)max_frames;
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  if (!instance_takes_rate(sample_rate)) {
    return false;
  }
  plugin->sample_rate = sample_rate;
  atomic_store(&plugin->restarts, false);
  const uint32_t n = plugin->n_channels;
  if (!instance_activate(plugin->instance, sample_rate, n, n)) {
    return false;
  }
  const uint32_t latency = instance_latency(plugin->instance, sample_rate);
  if (latency != plugin->known_latency && plugin->host_latency) {
    plugin->known_latency = latency;
    plugin->host_latency->changed(plugin->host);
  }
  return true;
}

static void CLAP_ABI
deactivate(const clap_plugin_t* const clap)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  instance_deactivate(plugin->instance);
  clap_plugin_notify_targets(plugin);
}

static bool CLAP_ABI
start_processing(const clap_plugin_t* const clap)
{
  instance_restart(CLAP_PLUGIN_OF(clap)->instance);
  return true;
}

static void CLAP_ABI
reset(const clap_plugin_t* const clap)
{
  instance_restart(CLAP_PLUGIN_OF(clap)->instance);
}

static const void* CLAP_ABI
get_extension(const clap_plugin_t* const clap, const char* const id)
{
  (void)clap;
  return !strcmp(id, CLAP_EXT_PARAMS) ? (const void*)&clap_params : clap_extension(id);
}

/// Nothing is left to do when processing stops, or on the main thread
static void CLAP_ABI
do_nothing(const clap_plugin_t* const clap)
{
  (void)clap;
}

/* The factory */

static uint32_t CLAP_ABI
count_plugins(const clap_plugin_factory_t* const factory)
{
  (void)factory;
  return 1;
}

static const clap_plugin_descriptor_t* CLAP_ABI
get_descriptor(const clap_plugin_factory_t* const factory, const uint32_t index)
{
  (void)factory;
  return index == 0 ? &descriptor : NULL;
}

static const clap_plugin_t* CLAP_ABI
create_plugin(const clap_plugin_factory_t* const factory,
              const clap_host_t* const           host,
              const char* const                  id)
{
  (void)factory;
  ClapPlugin* const plugin =
    strcmp(id, descriptor.id) ? NULL : (ClapPlugin*)calloc(1, sizeof(ClapPlugin));
  if (!plugin) {
    return NULL;
  }
  plugin->plugin      = (clap_plugin_t){.desc             = &descriptor,
                                        .plugin_data      = plugin,
                                        .init             = init,
                                        .destroy          = destroy,
                                        .activate         = activate,
                                        .deactivate       = deactivate,
                                        .start_processing = start_processing,
                                        .stop_processing  = do_nothing,
                                        .reset            = reset,
                                        .process          = clap_process,
                                        .get_extension    = get_extension,
                                        .on_main_thread   = do_nothing};
  plugin->host        = host;
  plugin->sample_rate = 44100.0;
  plugin->n_channels  = 2;
  atomic_init(&plugin->offline, false);
  atomic_init(&plugin->restarts, false);
  return &plugin->plugin;
}

/* The entry */

static bool CLAP_ABI
enter(const char* const path)
{
  (void)path;
  return true;
}

static void CLAP_ABI
leave(void)
{
}

static const void* CLAP_ABI
get_factory(const char* const id)
{
  static const clap_plugin_factory_t factory = {
    count_plugins, get_descriptor, create_plugin};
  return strcmp(id, CLAP_PLUGIN_FACTORY_ID) ? NULL : &factory;
}

EXPORT const clap_plugin_entry_t clap_entry = {CLAP_VERSION_INIT,
                                               enter,
                                               leave,
                                               get_factory};
