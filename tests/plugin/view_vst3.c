/* SPDX-License-Identifier: GPL-3.0-or-later

   The VST3 plugin in the host with windows. */

#include "check.h"
#include "core/utf16.h"
#include "view_host.h"
#include "view_loop.h"
#include "vst3_instance.h"

#include <stddef.h>
#include <string.h>

/// A plugin and the host's objects for it; those are as long-lived as it is
typedef struct {
  const struct v3_component_handler* handler;
  const struct v3_plugin_frame*      frame;
  const struct v3_run_loop*          loop;
  int                                n_frame_refs;
  int                                n_loop_refs;
  Instance                           instance;
  struct v3_plugin_view**            view; ///< NULL while closed
  double                             scale;
} Plugin;

#define PLUGIN_OF(self, field) ((Plugin*)(void*)((char*)(self)-offsetof(Plugin, field)))

/* The handler */

static v3_result V3_API
query_none(void* self, const v3_tuid iid, void** object)
{
  (void)self;
  (void)iid;
  *object = NULL;
  return V3_NO_INTERFACE;
}

static uint32_t V3_API
count_one(void* self)
{
  (void)self;
  return 1;
}

static v3_result V3_API
begin_edit(void* self, const v3_param_id id)
{
  view_note_edit(PLUGIN_OF(self, handler), VIEW_BEGIN, id, 0.0);
  return V3_OK;
}

static v3_result V3_API
perform_edit(void* self, const v3_param_id id, const double normalised)
{
  CHECK(normalised >= 0.0 && normalised <= 1.0);
  view_note_edit(PLUGIN_OF(self, handler), VIEW_VALUE, id, normalised);
  return V3_OK;
}

static v3_result V3_API
end_edit(void* self, const v3_param_id id)
{
  view_note_edit(PLUGIN_OF(self, handler), VIEW_END, id, 0.0);
  return V3_OK;
}

static v3_result V3_API
restart(void* self, const int32_t flags)
{
  (void)self;
  view_note_request(flags & V3_RESTART_LATENCY_CHANGED ? "restart" : "values");
  return V3_OK;
}

/* The frame and its loop */

static v3_result V3_API
query_frame(void* self, const v3_tuid iid, void** object)
{
  Plugin* const plugin = PLUGIN_OF(self, frame);
  if (view_has_no_loop || !v3_tuid_match(iid, v3_run_loop_iid)) {
    return query_none(self, iid, object);
  }
  *object = (void*)&plugin->loop;
  ++plugin->n_loop_refs;
  return V3_OK;
}

static uint32_t V3_API
ref_frame(void* self)
{
  return (uint32_t)++PLUGIN_OF(self, frame)->n_frame_refs;
}

static uint32_t V3_API
unref_frame(void* self)
{
  return (uint32_t)--PLUGIN_OF(self, frame)->n_frame_refs;
}

static v3_result V3_API
resize_view(void* self, struct v3_plugin_view** view, struct v3_view_rect* rect)
{
  const Plugin* const plugin = PLUGIN_OF(self, frame);
  CHECK(view == plugin->view && rect->left == 0 && rect->top == 0);
  if (!view_take_size(plugin, (uint32_t)rect->right, (uint32_t)rect->bottom)) {
    return V3_FALSE;
  }
  CHECK((*view)->on_size(view, rect) == V3_OK);
  return V3_OK;
}

static uint32_t V3_API
ref_loop(void* self)
{
  return (uint32_t)++PLUGIN_OF(self, loop)->n_loop_refs;
}

static uint32_t V3_API
unref_loop(void* self)
{
  return (uint32_t)--PLUGIN_OF(self, loop)->n_loop_refs;
}

/// The loop has a reference to each handler, or takes one only to compare them
static bool keeps_handlers = true;

static void
call_handler(void* context, const int descriptor)
{
  v3_event_handler** const handler = (v3_event_handler**)context;
  (*handler)->on_fd_is_set(handler, descriptor);
}

static v3_result V3_API
register_handler(void* self, v3_event_handler** handler, const int descriptor)
{
  (void)self;
  if (keeps_handlers) {
    (*handler)->ref(handler);
  }
  view_loop_watch(descriptor, call_handler, (void*)handler);
  return V3_OK;
}

static v3_result V3_API
unregister_handler(void* self, v3_event_handler** handler)
{
  (void)self;
  CHECK(view_loop_ignore((void*)handler) == 1);
  if (!keeps_handlers) {
    (*handler)->ref(handler);
  }
  (*handler)->unref(handler);
  return V3_OK;
}

static void
call_timer(void* context, const int descriptor)
{
  (void)descriptor;
  v3_timer_handler** const handler = (v3_timer_handler**)context;
  (*handler)->on_timer(handler);
}

static v3_result V3_API
register_timer(void* self, v3_timer_handler** handler, const uint64_t period_ms)
{
  (void)self;
  if (keeps_handlers) {
    (*handler)->ref(handler);
  }
  (void)view_loop_start((uint32_t)period_ms, call_timer, (void*)handler);
  return V3_OK;
}

static v3_result V3_API
unregister_timer(void* self, v3_timer_handler** handler)
{
  (void)self;
  CHECK(view_loop_stop((void*)handler) == 1);
  if (!keeps_handlers) {
    (*handler)->ref(handler);
  }
  (*handler)->unref(handler);
  return V3_OK;
}

static const struct v3_component_handler handler_table = {.query_interface = query_none,
                                                          .ref             = count_one,
                                                          .unref           = count_one,
                                                          .begin_edit      = begin_edit,
                                                          .perform_edit = perform_edit,
                                                          .end_edit     = end_edit,
                                                          .restart_component = restart};

static const struct v3_plugin_frame frame_table = {.query_interface = query_frame,
                                                   .ref             = ref_frame,
                                                   .unref           = unref_frame,
                                                   .resize_view     = resize_view};

static const struct v3_run_loop loop_table = {
  .query_interface          = query_none,
  .ref                      = ref_loop,
  .unref                    = unref_loop,
  .register_event_handler   = register_handler,
  .unregister_event_handler = unregister_handler,
  .register_timer           = register_timer,
  .unregister_timer         = unregister_timer};

/* The plugin */

static void*
create(void)
{
  Plugin* const plugin = (Plugin*)calloc(1, sizeof(Plugin));
  CHECK(plugin);
  plugin->handler                     = &handler_table;
  plugin->frame                       = &frame_table;
  plugin->loop                        = &loop_table;
  plugin->instance                    = instance_new();
  struct v3_edit_controller** const c = plugin->instance.controller;
  CHECK((*c)->set_component_handler(c, (void*)&plugin->handler) == V3_OK);
  CHECK(instance_start(&plugin->instance, VIEW_RATE, VIEW_BLOCK, V3_REALTIME));
  return plugin;
}

static void
process(void*                 context,
        float* const          channels[2],
        const uint32_t        n_frames,
        const ViewSong* const song)
{
  const Plugin* const plugin = (const Plugin*)context;
  float*              both[] = {channels[0], channels[1]};

  struct v3_audio_bus_buffers inputs[] = {
    {.num_channels = 2, .channel_buffers_32 = both}, {.num_channels = 0}};
  struct v3_audio_bus_buffers output = {.num_channels = 2, .channel_buffers_32 = both};
  struct v3_process_context   position = {
      .state = V3_PROCESS_CTX_PLAYING | V3_PROCESS_CTX_PROJECT_TIME_VALID |
               V3_PROCESS_CTX_TEMPO_VALID,
      .sample_rate           = VIEW_RATE,
      .project_time_quarters = song ? song->quarter : 0.0,
      .bpm                   = song ? song->tempo_bpm : 0.0};
  struct v3_process_data            data = {.process_mode         = V3_REALTIME,
                                            .symbolic_sample_size = V3_SAMPLE_32,
                                            .nframes              = (int32_t)n_frames,
                                            .num_input_buses      = 2,
                                            .num_output_buses     = 1,
                                            .inputs               = inputs,
                                            .outputs              = &output,
                                            .ctx = song ? &position : NULL};
  struct v3_audio_processor** const p    = plugin->instance.processor;
  view_enter_plugin();
  const v3_result result = (*p)->process(p, &data);
  view_leave_plugin();
  CHECK(result == V3_OK);
}

static struct v3_plugin_view**
make_view(const Plugin* const plugin)
{
  struct v3_edit_controller** const c = plugin->instance.controller;
  return (*c)->create_view(c, "editor");
}

static void
set_scale(struct v3_plugin_view** const view, const double scale)
{
  void* object = NULL;
  CHECK((*view)->query_interface(view, v3_plugin_view_content_scale_iid, &object) ==
        V3_OK);
  struct v3_plugin_view_content_scale** const scaled =
    (struct v3_plugin_view_content_scale**)object;
  CHECK((*scaled)->set_content_scale_factor(scaled, (float)scale) == V3_OK);
  (*scaled)->unref(scaled);
}

static void
close_view(void* context)
{
  Plugin* const                 plugin = (Plugin*)context;
  struct v3_plugin_view** const view   = plugin->view;
  plugin->view                         = NULL;
  CHECK((*view)->removed(view) == V3_OK && plugin->n_loop_refs == 0);
  CHECK((*view)->set_frame(view, NULL) == V3_OK && plugin->n_frame_refs == 0);
  CHECK((*view)->unref(view) == 0);
}

static bool
open_view(void* context, const uintptr_t parent)
{
  Plugin* const                 plugin = (Plugin*)context;
  struct v3_plugin_view** const view   = make_view(plugin);
  if (!view) {
    return false;
  }
  plugin->view = view;
  if (plugin->scale > 0.0) {
    set_scale(view, plugin->scale);
  }
  CHECK((*view)->is_platform_type_supported(view, "HIView") != V3_OK);
  CHECK((*view)->is_platform_type_supported(view, V3_VIEW_PLATFORM_TYPE_X11) == V3_OK);
  CHECK((*view)->set_frame(view, (void*)&plugin->frame) == V3_OK);
  if ((*view)->attached(view, (void*)parent, V3_VIEW_PLATFORM_TYPE_X11) == V3_OK) {
    return true;
  }
  close_view(plugin);
  return false;
}

static void
size_of(void* context, uint32_t* const width, uint32_t* const height)
{
  const Plugin* const           plugin = (const Plugin*)context;
  struct v3_plugin_view** const view = plugin->view ? plugin->view : make_view(plugin);
  struct v3_view_rect           rect = {0, 0, 0, 0};
  CHECK(view);
  if (!plugin->view && plugin->scale > 0.0) {
    set_scale(view, plugin->scale);
  }
  CHECK((*view)->get_size(view, &rect) == V3_OK && !rect.left && !rect.top);
  *width  = (uint32_t)rect.right;
  *height = (uint32_t)rect.bottom;
  if (!plugin->view) {
    (*view)->unref(view);
  }
}

static void
resize(void* context, const uint32_t width, const uint32_t height)
{
  struct v3_plugin_view** const view = ((const Plugin*)context)->view;
  struct v3_view_rect           rect = {0, 0, (int32_t)width, (int32_t)height};
  CHECK((*view)->can_resize(view) == V3_OK);
  CHECK((*view)->check_size_constraint(view, &rect) == V3_OK);
  (void)view_take_size(context, (uint32_t)rect.right, (uint32_t)rect.bottom);
  CHECK((*view)->on_size(view, &rect) == V3_OK);
}

static void
scale_view(void* context, const double scale)
{
  Plugin* const plugin = (Plugin*)context;
  plugin->scale        = scale;
  if (plugin->view) {
    set_scale(plugin->view, scale);
  }
}

static double
show(const void* context, const uint32_t id, char text[VIEW_TEXT_SIZE])
{
  struct v3_edit_controller** const c = ((const Plugin*)context)->instance.controller;
  const double                      normalised = (*c)->get_parameter_normalised(c, id);
  v3_str_128                        shown      = {0};
  CHECK((*c)->get_parameter_string_for_value(c, id, normalised, shown) == V3_OK);
  utf16_to_utf8(text, VIEW_TEXT_SIZE, shown);
  return normalised;
}

static void
destroy(void* context)
{
  Plugin* const plugin = (Plugin*)context;
  CHECK(instance_stop(&plugin->instance));
  (void)instance_free(&plugin->instance);
  free(plugin);
}

/* What hosts do wrongly */

static void
check_order(Plugin* const plugin, const uintptr_t parent)
{
  const char* const             x11   = V3_VIEW_PLATFORM_TYPE_X11;
  struct v3_plugin_view** const one   = make_view(plugin);
  struct v3_plugin_view** const other = make_view(plugin);
  CHECK(one && other && one != other);
  CHECK((*one)->removed(one) == V3_OK);                      // never attached
  CHECK((*one)->attached(one, (void*)parent, x11) != V3_OK); // without a frame
  (*one)->set_frame(one, (void*)&plugin->frame);
  (*other)->set_frame(other, (void*)&plugin->frame);
  CHECK((*one)->attached(one, NULL, x11) != V3_OK);
  CHECK((*one)->attached(one, (void*)parent, "HWND") != V3_OK);
  CHECK(plugin->n_loop_refs == 0 && view_loop_count() == 0);
  CHECK((*one)->attached(one, (void*)parent, x11) == V3_OK);
  CHECK((*one)->attached(one, (void*)parent, x11) != V3_OK); // twice
  CHECK((*other)->attached(other, (void*)parent, x11) != V3_OK);
  view_loop_run(100.0);
  (*one)->set_frame(one, NULL); // before it is removed
  CHECK((*one)->removed(one) == V3_OK && (*one)->removed(one) == V3_OK);
  CHECK(plugin->n_loop_refs == 0 && view_loop_count() == 0);
  CHECK((*other)->attached(other, (void*)parent, x11) == V3_OK); // now it can be
  view_loop_run(100.0);
  CHECK((*other)->removed(other) == V3_OK && (*other)->unref(other) == 0);
  CHECK(view_loop_count() == 0 && plugin->n_loop_refs == 0);
  // The same view again
  (*one)->set_frame(one, (void*)&plugin->frame);
  CHECK((*one)->attached(one, (void*)parent, x11) == V3_OK);
  view_loop_run(100.0);
  CHECK((*one)->removed(one) == V3_OK && (*one)->unref(one) == 0);
  // A view that is let go of while it is open
  keeps_handlers                       = false;
  struct v3_plugin_view** const forgot = make_view(plugin);
  (*forgot)->set_frame(forgot, (void*)&plugin->frame);
  CHECK((*forgot)->attached(forgot, (void*)parent, x11) == V3_OK);
  view_loop_run(100.0);
  CHECK((*forgot)->unref(forgot) == 0);
  CHECK(view_loop_count() == 0 && plugin->n_loop_refs == 0);
  keeps_handlers = true;
}

static void
check_keys(const Plugin* const plugin)
{
  struct v3_plugin_view** const view = make_view(plugin);
  struct v3_view_rect           rect = {5, 5, 5, 5};
  CHECK((*view)->on_key_down(view, 'a', 0, 0) != V3_OK);
  CHECK((*view)->on_key_up(view, 'a', 0, 0) != V3_OK);
  CHECK((*view)->on_wheel(view, 1.0F) != V3_OK);
  CHECK((*view)->on_size(view, &rect) != V3_OK);
  CHECK((*view)->check_size_constraint(view, NULL) != V3_OK);
  rect = (struct v3_view_rect){10, 20, 10 + 5000, 20 + 50};
  CHECK((*view)->check_size_constraint(view, &rect) == V3_OK);
  const double ratio = (double)(rect.right - 10) / (double)(rect.bottom - 20);
  CHECK(rect.left == 10 && rect.top == 20 && ratio > 1.70 && ratio < 1.73);
  CHECK((*view)->unref(view) == 0);
}

static void
check(const uintptr_t parent)
{
  Plugin* const plugin = (Plugin*)create();
  check_order(plugin, parent);
  check_keys(plugin);
  // The plugin lives as long as its view
  CHECK(open_view(plugin, parent));
  CHECK(instance_stop(&plugin->instance) && instance_free(&plugin->instance) == 1);
  view_loop_run(100.0);
  close_view(plugin);
  CHECK(view_loop_count() == 0);
  free(plugin);
}

static void
load(const char* const bundle)
{
  module_load(bundle);
}

const ViewFormat view_vst3 = {.load    = load,
                              .create  = create,
                              .process = process,
                              .open    = open_view,
                              .size    = size_of,
                              .resize  = resize,
                              .scale   = scale_view,
                              .show    = show,
                              .close   = close_view,
                              .destroy = destroy,
                              .check   = check};
