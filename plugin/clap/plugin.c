/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "clap/plugin.h"

void
clap_plugin_request_restart(ClapPlugin* const plugin)
{
  const double rate = plugin->sample_rate;
  if (instance_is_active(plugin->instance) &&
      instance_latency(plugin->instance, rate) !=
        instance_next_latency(plugin->instance, rate) &&
      !atomic_exchange(&plugin->restarts, true)) {
    plugin->host->request_restart(plugin->host);
  }
}

static bool
has_changed(const ClapPlugin* const plugin)
{
  return instance_names_revision(plugin->instance) != plugin->names_revision;
}

void
clap_plugin_notify_targets(ClapPlugin* const plugin)
{
  if (has_changed(plugin)) {
    plugin->names_revision = instance_names_revision(plugin->instance);
    plugin->n_targets      = instance_param(plugin->instance, PARAM_TARGET).n_labels;
    if (plugin->host_params) {
      plugin->host_params->rescan(plugin->host, CLAP_PARAM_RESCAN_ALL);
    }
  }
}

void
clap_plugin_notify_values(ClapPlugin* const plugin)
{
  if (plugin->host_params) {
    plugin->host_params->rescan(plugin->host,
                                CLAP_PARAM_RESCAN_VALUES | CLAP_PARAM_RESCAN_TEXT);
  }
  // A host may learn of another range only between activations
  if (!instance_is_active(plugin->instance)) {
    clap_plugin_notify_targets(plugin);
  } else if (has_changed(plugin) && !atomic_exchange(&plugin->restarts, true)) {
    plugin->host->request_restart(plugin->host);
  }
}
