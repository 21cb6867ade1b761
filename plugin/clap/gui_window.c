/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "clap/gui_window.h"

#include "clap/edits.h"

#include <stdio.h>
#include <stdlib.h>

/* What the editor has to say */

/// Tell the host of an edit, or have it read all values if it is behind
static void
add_edit(void* const      handle,
         const uint16_t   type,
         const ParamIndex index,
         const double     plain)
{
  ClapPlugin* const plugin = (ClapPlugin*)handle;
  if (!clap_edits_add(plugin, type, index, plain)) {
    plugin->gui->has_values = true;
  }
}

static void
begin_edit(void* const handle, const ParamIndex index)
{
  add_edit(handle, CLAP_EVENT_PARAM_GESTURE_BEGIN, index, 0.0);
}

static void
report_value(void* const handle, const ParamIndex index, const double plain)
{
  ClapPlugin* const plugin = (ClapPlugin*)handle;
  // The host reads a target that it does not know yet when it reads the list
  if (index != PARAM_TARGET || plain < (double)plugin->n_targets) {
    add_edit(handle, CLAP_EVENT_PARAM_VALUE, index, plain);
  }
  plugin->gui->has_latency = plugin->gui->has_latency || index == PARAM_CLIP;
}

static void
end_edit(void* const handle, const ParamIndex index)
{
  add_edit(handle, CLAP_EVENT_PARAM_GESTURE_END, index, 0.0);
}

static void
report_names(void* const handle)
{
  ((ClapPlugin*)handle)->gui->has_values = true;
}

static bool
request_size(void* const handle, const uint32_t width, const uint32_t height)
{
  const ClapPlugin* const plugin = (const ClapPlugin*)handle;
  const ClapGui* const    gui    = plugin->gui;
  const bool              agrees =
    gui->is_floating ||
    (gui->host_gui && gui->host_gui->request_resize(plugin->host, width, height));
  if (agrees) {
    editor_set_size(gui->editor, width, height); // the host need not
  }
  return agrees;
}

static void
report_closed(void* const handle)
{
  ((ClapPlugin*)handle)->gui->is_closed = true;
}

/* The window */

void
clap_gui_window_close(ClapPlugin* const plugin)
{
  ClapGui* const gui = plugin->gui;
  if (gui->descriptor >= 0) {
    gui->host_descriptors->unregister(plugin->host, gui->descriptor);
  }
  if (gui->has_timer) {
    gui->host_timers->unregister_timer(plugin->host, gui->timer);
  }
  ticker_stop(gui->ticker);
  gui->descriptor = -1;
  gui->has_timer  = false;
  gui->ticker     = NULL;
  editor_close(gui->editor);
}

static void
on_tick(void* const context)
{
  clap_gui_window_call((ClapPlugin*)context, true);
}

/// Have the editor called; return false if nobody does
static bool
start_calls(ClapPlugin* const plugin)
{
  ClapGui* const           gui  = plugin->gui;
  const clap_host_t* const host = plugin->host;
  gui->has_timer                = gui->host_timers &&
                   gui->host_timers->register_timer(host, EDITOR_TICK_MS, &gui->timer);
  if (!gui->has_timer) {
    gui->ticker = ticker_start(EDITOR_TICK_MS, on_tick, plugin);
  }
  if (!gui->has_timer && !gui->ticker) {
    fprintf(stderr, "requinto: no window: the host has no timer for it\n");
    return false;
  }
  // Without the other the timer will do
  const int descriptor = editor_descriptor(gui->editor);
  if (descriptor >= 0 && gui->host_descriptors &&
      gui->host_descriptors->register_descriptor(
        host, descriptor, CLAP_TYPES_DESCRIPTOR_READ)) {
    gui->descriptor = descriptor;
  }
  return true;
}

bool
clap_gui_window_open(ClapPlugin* const plugin)
{
  ClapGui* const gui = plugin->gui;
  if (editor_is_open(gui->editor)) {
    return true;
  }
  if (!gui->is_floating && !gui->parent) {
    return false;
  }
  if (!editor_open(gui->editor, gui->parent, gui->title)) {
    return false;
  }
  if (!start_calls(plugin)) {
    clap_gui_window_close(plugin);
    return false;
  }
  return true;
}

/* Time goes by */

void
clap_gui_window_call(ClapPlugin* const plugin, const bool ticks)
{
  ClapGui* const gui = plugin->gui;
  if (!gui || !editor_is_open(gui->editor)) {
    return;
  }
  (ticks ? editor_tick : editor_dispatch)(gui->editor);
  const ClapGui now = *gui;
  gui->is_closed    = false;
  gui->has_values   = false;
  gui->has_latency  = false;
  if (now.is_closed) {
    clap_gui_window_close(plugin);
  }
  if (now.has_values) {
    clap_plugin_notify_values(plugin);
  }
  if (now.has_latency) {
    clap_plugin_request_restart(plugin);
  }
  if (now.is_closed && now.host_gui) {
    now.host_gui->closed(plugin->host, false);
  }
}

/* Life */

bool
clap_gui_window_new(ClapPlugin* const plugin, const bool is_floating)
{
  const clap_host_t* const host  = plugin->host;
  const EditorHost         calls = {.handle        = plugin,
                                    .begin_edit    = begin_edit,
                                    .report_value  = report_value,
                                    .end_edit      = end_edit,
                                    .report_names  = report_names,
                                    .request_size  = request_size,
                                    .report_closed = report_closed};

  ClapGui* const gui    = (ClapGui*)calloc(1, sizeof(ClapGui));
  Editor* const  editor = gui ? editor_new(plugin->instance, &calls) : NULL;
  if (!editor) {
    free(gui);
    return false;
  }
  gui->editor      = editor;
  gui->is_floating = is_floating;
  gui->descriptor  = -1;
  snprintf(gui->title, sizeof(gui->title), "%s", plugin->plugin.desc->name);
  gui->host_gui = (const clap_host_gui_t*)host->get_extension(host, CLAP_EXT_GUI);
  gui->host_timers =
    (const clap_host_timer_support_t*)host->get_extension(host, CLAP_EXT_TIMER_SUPPORT);
  gui->host_descriptors =
    (const ClapHostDescriptors*)host->get_extension(host, CLAP_TYPES_DESCRIPTORS);
  plugin->gui = gui;
  return true;
}

void
clap_gui_window_free(ClapPlugin* const plugin)
{
  if (plugin->gui) {
    clap_gui_window_close(plugin);
    editor_free(plugin->gui->editor);
    free(plugin->gui);
    plugin->gui = NULL;
  }
}
