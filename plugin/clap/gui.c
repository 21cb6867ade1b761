/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "clap/gui.h"

#include "clap/gui_window.h"

#include <stdio.h>
#include <string.h>

#if defined(_WIN32)
#  define NATIVE_API CLAP_WINDOW_API_WIN32
#elif defined(__APPLE__)
#  define NATIVE_API CLAP_WINDOW_API_COCOA
#else
#  define NATIVE_API CLAP_WINDOW_API_X11
#endif

/* Calls */

static void CLAP_ABI
on_timer(const clap_plugin_t* const clap, const clap_id timer)
{
  ClapPlugin* const    plugin = CLAP_PLUGIN_OF(clap);
  const ClapGui* const gui    = plugin->gui;
  if (gui && gui->has_timer && gui->timer == timer) {
    clap_gui_window_call(plugin, true);
  }
}

static void CLAP_ABI
on_descriptor(const clap_plugin_t* const clap,
              const int                  descriptor,
              const uint32_t             flags)
{
  (void)descriptor;
  (void)flags;
  clap_gui_window_call(CLAP_PLUGIN_OF(clap), false);
}

const clap_plugin_timer_support_t clap_gui_timers      = {on_timer};
const ClapDescriptors             clap_gui_descriptors = {on_descriptor};

/* What the host calls */

static bool CLAP_ABI
is_api_supported(const clap_plugin_t* const clap,
                 const char* const          api,
                 const bool                 is_floating)
{
  (void)clap;
  return api && api[0] ? !strcmp(api, NATIVE_API) : is_floating;
}

static bool CLAP_ABI
get_preferred_api(const clap_plugin_t* const clap,
                  const char** const         api,
                  bool* const                is_floating)
{
  (void)clap;
  *api         = NATIVE_API;
  *is_floating = false;
  return true;
}

static bool CLAP_ABI
create(const clap_plugin_t* const clap, const char* const api, const bool is_floating)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  return !plugin->gui && is_api_supported(clap, api, is_floating) &&
         clap_gui_window_new(plugin, is_floating);
}

static void CLAP_ABI
destroy(const clap_plugin_t* const clap)
{
  clap_gui_window_free(CLAP_PLUGIN_OF(clap));
}

static bool CLAP_ABI
get_size(const clap_plugin_t* const clap, uint32_t* const width, uint32_t* const height)
{
  const ClapGui* const gui = CLAP_PLUGIN_OF(clap)->gui;
  if (gui) {
    editor_size(gui->editor, width, height);
  }
  return gui;
}

static bool CLAP_ABI
set_scale(const clap_plugin_t* const clap, const double scale)
{
  const ClapGui* const gui = CLAP_PLUGIN_OF(clap)->gui;
  if (!gui || !(scale > 0.0)) {
    return false;
  }
  editor_set_scale(gui->editor, scale);
  return true;
}

static bool CLAP_ABI
can_resize(const clap_plugin_t* const clap)
{
  (void)clap;
  return true;
}

static bool CLAP_ABI
get_resize_hints(const clap_plugin_t* const clap, clap_gui_resize_hints_t* const hints)
{
  (void)clap;
  *hints = (clap_gui_resize_hints_t){.can_resize_horizontally = true,
                                     .can_resize_vertically   = true,
                                     .preserve_aspect_ratio   = true,
                                     .aspect_ratio_width      = EDITOR_WIDTH,
                                     .aspect_ratio_height     = EDITOR_HEIGHT};
  return true;
}

static bool CLAP_ABI
adjust_size(const clap_plugin_t* const clap,
            uint32_t* const            width,
            uint32_t* const            height)
{
  (void)clap;
  editor_constrain_size(width, height);
  return true;
}

static bool CLAP_ABI
set_size(const clap_plugin_t* const clap, const uint32_t width, const uint32_t height)
{
  const ClapGui* const gui = CLAP_PLUGIN_OF(clap)->gui;
  if (gui) {
    editor_set_size(gui->editor, width, height);
  }
  return gui;
}

static bool CLAP_ABI
set_parent(const clap_plugin_t* const clap, const clap_window_t* const window)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  if (!plugin->gui || plugin->gui->is_floating) {
    return false;
  }
  plugin->gui->parent = window->uptr;
  return clap_gui_window_open(plugin);
}

/// Above which window ours stays is the window manager's affair
static bool CLAP_ABI
set_transient(const clap_plugin_t* const clap, const clap_window_t* const window)
{
  (void)clap;
  (void)window;
  return false;
}

static void CLAP_ABI
suggest_title(const clap_plugin_t* const clap, const char* const title)
{
  ClapGui* const gui = CLAP_PLUGIN_OF(clap)->gui;
  if (gui && title) {
    snprintf(gui->title, sizeof(gui->title), "%s", title);
  }
}

static bool CLAP_ABI
show(const clap_plugin_t* const clap)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  return plugin->gui && clap_gui_window_open(plugin);
}

static bool CLAP_ABI
hide(const clap_plugin_t* const clap)
{
  ClapPlugin* const plugin = CLAP_PLUGIN_OF(clap);
  if (plugin->gui) {
    clap_gui_window_close(plugin);
  }
  return plugin->gui;
}

const clap_plugin_gui_t clap_gui = {
  .is_api_supported  = is_api_supported,
  .get_preferred_api = get_preferred_api,
  .create            = create,
  .destroy           = destroy,
  .set_scale         = set_scale,
  .get_size          = get_size,
  .can_resize        = can_resize,
  .get_resize_hints  = get_resize_hints,
  .adjust_size       = adjust_size,
  .set_size          = set_size,
  .set_parent        = set_parent,
  .set_transient     = set_transient,
  .suggest_title     = suggest_title,
  .show              = show,
  .hide              = hide,
};
