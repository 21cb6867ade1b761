/* SPDX-License-Identifier: GPL-3.0-or-later

   The CLAP plugin in the host with windows. */

#include "check.h"
#include "clap/types.h"
#include "view_host.h"
#include "view_loop.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/// A plugin, what it offers, and the host's objects for it
typedef struct {
  clap_host_t                        host;
  const clap_plugin_t*               plugin;
  const clap_plugin_gui_t*           gui;
  const clap_plugin_timer_support_t* timers;
  const ClapDescriptors*             descriptors;
  const clap_plugin_params_t*        params;
  pthread_t                          main_thread;
  atomic_int                         n_flushes; ///< That were requested
  clap_id                            timer;
  int                                n_closed;
  double                             scale;
} Plugin;

static const clap_plugin_factory_t* factory;

static Plugin*
plugin_of(const clap_host_t* const host)
{
  return (Plugin*)host->host_data;
}

/* What the plugin may request */

static void
check_main_thread(const clap_host_t* const host)
{
  CHECK(pthread_equal(pthread_self(), plugin_of(host)->main_thread));
}

static void CLAP_ABI
rescan(const clap_host_t* host, const clap_param_rescan_flags flags)
{
  (void)flags;
  check_main_thread(host);
  view_note_request("values");
}

static void CLAP_ABI
clear(const clap_host_t* host, const clap_id id, const clap_param_clear_flags flags)
{
  (void)host;
  (void)id;
  (void)flags;
}

static void CLAP_ABI
request_flush(const clap_host_t* host)
{
  check_main_thread(host); // or at least not the audio thread
  atomic_fetch_add(&plugin_of(host)->n_flushes, 1);
}

static void CLAP_ABI
do_nothing(const clap_host_t* host)
{
  (void)host;
}

static void CLAP_ABI
request_restart(const clap_host_t* host)
{
  (void)host;
  view_note_request("restart");
}

static bool CLAP_ABI
request_resize(const clap_host_t* host, const uint32_t width, const uint32_t height)
{
  return view_take_size(plugin_of(host), width, height);
}

static bool CLAP_ABI
refuse(const clap_host_t* host)
{
  (void)host;
  return false;
}

static void CLAP_ABI
closed(const clap_host_t* host, const bool was_destroyed)
{
  CHECK(!was_destroyed);
  ++plugin_of(host)->n_closed;
}

static void
call_timer(void* context, const int descriptor)
{
  (void)descriptor;
  const Plugin* const plugin = (const Plugin*)context;
  plugin->timers->on_timer(plugin->plugin, plugin->timer);
}

static bool CLAP_ABI
register_timer(const clap_host_t* host, const uint32_t period_ms, clap_id* id)
{
  check_main_thread(host);
  Plugin* const plugin = plugin_of(host);
  plugin->timer        = view_loop_start(period_ms, call_timer, plugin);
  *id                  = plugin->timer;
  return true;
}

static bool CLAP_ABI
unregister_timer(const clap_host_t* host, const clap_id id)
{
  CHECK(id == plugin_of(host)->timer);
  CHECK(view_loop_stop(plugin_of(host)) == 1);
  return true;
}

static void
call_descriptor(void* context, const int descriptor)
{
  const Plugin* const plugin = (const Plugin*)context;
  plugin->descriptors->on_descriptor(
    plugin->plugin, descriptor, CLAP_TYPES_DESCRIPTOR_READ);
}

static bool CLAP_ABI
register_descriptor(const clap_host_t* host, const int descriptor, const uint32_t flags)
{
  check_main_thread(host);
  CHECK(flags == CLAP_TYPES_DESCRIPTOR_READ);
  view_loop_watch(descriptor, call_descriptor, plugin_of(host));
  return true;
}

static bool CLAP_ABI
unregister_descriptor(const clap_host_t* host, const int descriptor)
{
  (void)descriptor;
  CHECK(view_loop_ignore(plugin_of(host)) == 1);
  return true;
}

static const void* CLAP_ABI
get_extension(const clap_host_t* host, const char* id)
{
  static const clap_host_params_t        params = {rescan, clear, request_flush};
  static const clap_host_gui_t           gui    = {.resize_hints_changed = do_nothing,
                                                   .request_resize       = request_resize,
                                                   .request_show         = refuse,
                                                   .request_hide         = refuse,
                                                   .closed               = closed};
  static const clap_host_timer_support_t timers = {register_timer, unregister_timer};
  static const ClapHostDescriptors       fds    = {
             register_descriptor, NULL, unregister_descriptor};
  (void)host;
  const bool has_loop = !view_has_no_loop;
  return !strcmp(id, CLAP_EXT_PARAMS)                      ? (const void*)&params
         : !strcmp(id, CLAP_EXT_GUI)                       ? (const void*)&gui
         : !strcmp(id, CLAP_EXT_TIMER_SUPPORT) && has_loop ? (const void*)&timers
         : !strcmp(id, CLAP_TYPES_DESCRIPTORS) && has_loop ? (const void*)&fds
                                                           : NULL;
}

/* The plugin */

static void
load(const char* const path)
{
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  const clap_plugin_entry_t* const entry =
    (const clap_plugin_entry_t*)dlsym(library, "clap_entry");
  CHECK(entry && entry->init(path));
  factory = (const clap_plugin_factory_t*)entry->get_factory(CLAP_PLUGIN_FACTORY_ID);
  CHECK(factory);
}

static void*
create(void)
{
  Plugin* const plugin = (Plugin*)calloc(1, sizeof(Plugin));
  CHECK(plugin);
  plugin->main_thread = pthread_self();
  plugin->host        = (clap_host_t){.clap_version     = CLAP_VERSION_INIT,
                                      .host_data        = plugin,
                                      .name             = "Host with windows",
                                      .vendor           = "Requinto",
                                      .url              = "",
                                      .version          = "1",
                                      .get_extension    = get_extension,
                                      .request_restart  = request_restart,
                                      .request_process  = do_nothing,
                                      .request_callback = do_nothing};

  const clap_plugin_t* const p = factory->create_plugin(
    factory, &plugin->host, factory->get_plugin_descriptor(factory, 0)->id);
  CHECK(p && p->init(p));
  plugin->plugin = p;
  plugin->gui    = (const clap_plugin_gui_t*)p->get_extension(p, CLAP_EXT_GUI);
  plugin->timers =
    (const clap_plugin_timer_support_t*)p->get_extension(p, CLAP_EXT_TIMER_SUPPORT);
  plugin->descriptors =
    (const ClapDescriptors*)p->get_extension(p, CLAP_TYPES_DESCRIPTORS);
  plugin->params = (const clap_plugin_params_t*)p->get_extension(p, CLAP_EXT_PARAMS);
  CHECK(plugin->gui && plugin->timers && plugin->descriptors && plugin->params);
  CHECK(p->activate(p, VIEW_RATE, 1, VIEW_BLOCK) && p->start_processing(p));
  return plugin;
}

static void
note_event(void* const plugin, const clap_event_header_t* const event)
{
  if (event->type == CLAP_EVENT_PARAM_VALUE) {
    const clap_event_param_value_t* const value =
      (const clap_event_param_value_t*)(const void*)event;
    CHECK(event->size == sizeof(*value) && event->time == 0);
    view_note_edit(plugin, VIEW_VALUE, value->param_id, value->value);
    return;
  }
  const clap_event_param_gesture_t* const gesture =
    (const clap_event_param_gesture_t*)(const void*)event;
  const bool begins = event->type == CLAP_EVENT_PARAM_GESTURE_BEGIN;
  CHECK(begins || event->type == CLAP_EVENT_PARAM_GESTURE_END);
  CHECK(event->size == sizeof(*gesture));
  view_note_edit(plugin, begins ? VIEW_BEGIN : VIEW_END, gesture->param_id, 0.0);
}

static bool CLAP_ABI
take_event(const clap_output_events_t* list, const clap_event_header_t* event)
{
  if (!(event->flags & CLAP_EVENT_DONT_RECORD)) { // else a report of the plugin's own
    view_leave_plugin();
    note_event(list->ctx, event);
    view_enter_plugin();
  }
  return true;
}

static uint32_t CLAP_ABI
count_none(const clap_input_events_t* list)
{
  (void)list;
  return 0;
}

static const clap_event_header_t* CLAP_ABI
get_none(const clap_input_events_t* list, const uint32_t index)
{
  (void)list;
  (void)index;
  return NULL;
}

static void
process(void*                 context,
        float* const          channels[2],
        const uint32_t        n_frames,
        const ViewSong* const song)
{
  Plugin* const                plugin    = (Plugin*)context;
  float*                       both[]    = {channels[0], channels[1]};
  clap_audio_buffer_t          inputs[]  = {{.data32 = both, .channel_count = 2}, {0}};
  clap_audio_buffer_t          output    = {.data32 = both, .channel_count = 2};
  const clap_input_events_t    in        = {NULL, count_none, get_none};
  const clap_output_events_t   out       = {plugin, take_event};
  const clap_event_transport_t transport = {
    .header = {.size     = sizeof(transport),
               .space_id = CLAP_CORE_EVENT_SPACE_ID,
               .type     = CLAP_EVENT_TRANSPORT},
    .flags  = CLAP_TRANSPORT_HAS_TEMPO | CLAP_TRANSPORT_HAS_BEATS_TIMELINE |
             CLAP_TRANSPORT_IS_PLAYING,
    .song_pos_beats = song ? llround(song->quarter * (double)CLAP_BEATTIME_FACTOR) : 0,
    .tempo          = song ? song->tempo_bpm : 0.0};
  const clap_process_t process = {.steady_time         = -1,
                                  .transport           = song ? &transport : NULL,
                                  .frames_count        = n_frames,
                                  .audio_inputs        = inputs,
                                  .audio_outputs       = &output,
                                  .audio_inputs_count  = 2,
                                  .audio_outputs_count = 1,
                                  .in_events           = &in,
                                  .out_events          = &out};
  view_enter_plugin();
  const clap_process_status status = plugin->plugin->process(plugin->plugin, &process);
  view_leave_plugin();
  CHECK(status == CLAP_PROCESS_CONTINUE);
}

static bool
open_gui(void* context, const uintptr_t parent)
{
  Plugin* const              plugin = (Plugin*)context;
  const clap_plugin_t* const p      = plugin->plugin;
  const clap_window_t window = {.api = CLAP_WINDOW_API_X11, .x11 = (clap_xwnd)parent};
  if (!plugin->gui->create(p, CLAP_WINDOW_API_X11, false)) {
    return false;
  }
  if (plugin->scale > 0.0) {
    CHECK(plugin->gui->set_scale(p, plugin->scale));
  }
  CHECK(plugin->gui->can_resize(p));
  if (!plugin->gui->set_parent(p, &window)) {
    plugin->gui->destroy(p);
    return false;
  }
  CHECK(plugin->gui->show(p));
  return true;
}

static void
size_of(void* context, uint32_t* const width, uint32_t* const height)
{
  const Plugin* const        plugin = (const Plugin*)context;
  const clap_plugin_t* const p      = plugin->plugin;
  const bool is_created = plugin->gui->create(p, CLAP_WINDOW_API_X11, false);
  if (is_created && plugin->scale > 0.0) {
    CHECK(plugin->gui->set_scale(p, plugin->scale));
  }
  CHECK(plugin->gui->get_size(p, width, height));
  if (is_created) {
    plugin->gui->destroy(p);
  }
}

static void
resize(void* context, uint32_t width, uint32_t height)
{
  const Plugin* const     plugin = (const Plugin*)context;
  clap_gui_resize_hints_t hints  = {0};
  CHECK(plugin->gui->get_resize_hints(plugin->plugin, &hints));
  CHECK(hints.preserve_aspect_ratio && hints.aspect_ratio_height > 0);
  CHECK(plugin->gui->adjust_size(plugin->plugin, &width, &height));
  (void)view_take_size(context, width, height);
  CHECK(plugin->gui->set_size(plugin->plugin, width, height));
}

static void
scale_gui(void* context, const double scale)
{
  Plugin* const plugin = (Plugin*)context;
  plugin->scale        = scale;
  (void)plugin->gui->set_scale(plugin->plugin, scale); // false while there is none
}

static void
close_gui(void* context)
{
  const Plugin* const plugin = (const Plugin*)context;
  plugin->gui->destroy(plugin->plugin);
}

static void
destroy(void* context)
{
  Plugin* const              plugin = (Plugin*)context;
  const clap_plugin_t* const p      = plugin->plugin;
  p->stop_processing(p);
  p->deactivate(p);
  p->destroy(p);
  free(plugin);
}

/* What hosts do wrongly */

static void
check_without_gui(const Plugin* const plugin)
{
  const clap_plugin_gui_t* const gui    = plugin->gui;
  const clap_plugin_t* const     p      = plugin->plugin;
  const clap_window_t            window = {.api = CLAP_WINDOW_API_X11, .x11 = 1};
  uint32_t                       width  = 0;
  uint32_t                       height = 0;
  CHECK(!gui->show(p) && !gui->hide(p) && !gui->set_parent(p, &window));
  CHECK(!gui->get_size(p, &width, &height) && !gui->set_size(p, 720, 420));
  CHECK(!gui->set_scale(p, 2.0));
  gui->destroy(p);
  plugin->timers->on_timer(p, 1);
  plugin->descriptors->on_descriptor(p, 1, CLAP_TYPES_DESCRIPTOR_READ);
  CHECK(!gui->is_api_supported(p, CLAP_WINDOW_API_WIN32, false));
  CHECK(!gui->is_api_supported(p, CLAP_WINDOW_API_WAYLAND, true));
  CHECK(!gui->is_api_supported(p, NULL, false) && gui->is_api_supported(p, NULL, true));
  CHECK(!gui->create(p, CLAP_WINDOW_API_WAYLAND, false));
  const char* api         = NULL;
  bool        is_floating = true;
  CHECK(gui->get_preferred_api(p, &api, &is_floating));
  CHECK(api == CLAP_WINDOW_API_X11 || !strcmp(api, CLAP_WINDOW_API_X11));
  CHECK(!is_floating);
}

static void
check_floating(const Plugin* const plugin, const uintptr_t parent)
{
  const clap_plugin_gui_t* const gui    = plugin->gui;
  const clap_plugin_t* const     p      = plugin->plugin;
  const clap_window_t            window = {.api = CLAP_WINDOW_API_X11, .x11 = parent};
  CHECK(gui->create(p, CLAP_WINDOW_API_X11, true));
  CHECK(!gui->create(p, CLAP_WINDOW_API_X11, true)); // twice
  CHECK(!gui->set_parent(p, &window));
  gui->suggest_title(p, "A window");
  (void)gui->set_transient(p, &window);
  for (int i = 0; i < 3; ++i) {
    CHECK(gui->show(p) && gui->show(p) && view_loop_count() > 0);
    view_loop_run(50.0);
    CHECK(gui->hide(p) && gui->hide(p) && view_loop_count() == 0);
  }
  CHECK(gui->show(p));
  gui->destroy(p);
  CHECK(view_loop_count() == 0);
}

static void
check(const uintptr_t parent)
{
  Plugin* const plugin = (Plugin*)create();
  check_without_gui(plugin);
  check_floating(plugin, parent);
  CHECK(open_gui(plugin, parent));
  view_loop_run(50.0);
  CHECK(plugin->gui->hide(plugin->plugin) && view_loop_count() == 0);
  CHECK(plugin->gui->show(plugin->plugin) && view_loop_count() > 0);
  view_loop_run(50.0);
  destroy(plugin); // with its window
  CHECK(view_loop_count() == 0);
}

const ViewFormat view_clap = {.load    = load,
                              .create  = create,
                              .process = process,
                              .open    = open_gui,
                              .size    = size_of,
                              .resize  = resize,
                              .scale   = scale_gui,
                              .close   = close_gui,
                              .destroy = destroy,
                              .check   = check};
