/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3/view.h"

#include "editor/editor.h"
#include "vst3/run_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A view; the host holds pointers to the first two fields, and to two of `run_loop`
typedef struct {
  const struct v3_plugin_view*               view;
  const struct v3_plugin_view_content_scale* scale;

  Vst3RunLoop              run_loop;
  atomic_uint              n_refs;
  Vst3Plugin*              plugin; ///< A reference
  Editor*                  editor;
  struct v3_plugin_frame** frame; ///< The host's, not counted, as in Steinberg's kit

  /* Of what the host is to be notified after an event: it may remove the view then */
  bool has_values;
  bool has_latency;
  bool learns; ///< As last seen
} Vst3View;

/// The view that a pointer to one of its interfaces belongs to
#define VIEW_OF(self, field)                                                           \
  ((Vst3View*)(void*)((char*)(self)-offsetof(Vst3View, field)))

/* Life */

static void
detach(Vst3View* const view)
{
  vst3_run_loop_leave(&view->run_loop);
  editor_close(view->editor);
}

static uint32_t
add_reference(Vst3View* const view)
{
  return atomic_fetch_add(&view->n_refs, 1) + 1;
}

static uint32_t
drop_reference(Vst3View* const view)
{
  const uint32_t n_left = atomic_fetch_sub(&view->n_refs, 1) - 1;
  if (!n_left) {
    // Hosts that compare handlers by interface take and drop one while they let go
    atomic_store(&view->n_refs, 1);
    detach(view); // some hosts have not
    editor_free(view->editor);
    vst3_plugin_unref(view->plugin);
    free(view);
  }
  return n_left;
}

static v3_result
query(Vst3View* const view, const v3_tuid iid, void** const object)
{
  if (v3_tuid_match(iid, v3_funknown_iid) || v3_tuid_match(iid, v3_plugin_view_iid)) {
    *object = (void*)&view->view;
  } else if (v3_tuid_match(iid, v3_plugin_view_content_scale_iid)) {
    *object = (void*)&view->scale;
  } else if (v3_tuid_match(iid, v3_event_handler_iid)) {
    *object = (void*)&view->run_loop.events;
  } else if (v3_tuid_match(iid, v3_timer_handler_iid)) {
    *object = (void*)&view->run_loop.timer;
  } else {
    *object = NULL;
    return V3_NO_INTERFACE;
  }
  add_reference(view);
  return V3_OK;
}

VST3_DEFINE_UNKNOWN_OF(VIEW_OF, view, query, add_reference, drop_reference)
VST3_DEFINE_UNKNOWN_OF(VIEW_OF, scale, query, add_reference, drop_reference)

/* What the editor has to say */

static struct v3_component_handler**
handler_of(void* const handle)
{
  return ((const Vst3View*)handle)->plugin->handler;
}

static void
begin_edit(void* const handle, const ParamIndex index)
{
  struct v3_component_handler** const handler = handler_of(handle);
  if (handler) {
    (*handler)->begin_edit(handler, params_info(index)->id);
  }
}

static void
report_value(void* const handle, const ParamIndex index, const double plain)
{
  struct v3_component_handler** const handler = handler_of(handle);
  Vst3View* const                     view    = (Vst3View*)handle;

  const ParamInfo row = instance_param(view->plugin->instance, index);
  if (handler) {
    (*handler)->perform_edit(handler, row.id, params_to_normalised(&row, plain));
  }
  view->has_latency = view->has_latency || index == PARAM_CLIP;
}

static void
end_edit(void* const handle, const ParamIndex index)
{
  struct v3_component_handler** const handler = handler_of(handle);
  if (handler) {
    (*handler)->end_edit(handler, params_info(index)->id);
  }
}

static void
report_names(void* const handle)
{
  ((Vst3View*)handle)->has_values = true;
}

static bool
request_size(void* const handle, const uint32_t width, const uint32_t height)
{
  Vst3View* const     view = (Vst3View*)handle;
  struct v3_view_rect rect = {0, 0, (int32_t)width, (int32_t)height};
  if (!view->frame ||
      (*view->frame)->resize_view(view->frame, (void*)&view->view, &rect) != V3_OK) {
    return false;
  }
  editor_set_size(view->editor, width, height); // again, where the host has done so
  return true;
}

/// The host's windows are closed by the host
static void
report_closed(void* const handle)
{
  (void)handle;
}

/// Tell the host what follows from the last events
static void
notify_host(Vst3View* const view)
{
  const bool has_values  = view->has_values;
  const bool has_latency = view->has_latency;
  view->has_values       = false;
  view->has_latency      = false;
  if (has_values) {
    vst3_plugin_notify_values(view->plugin);
  }
  if (has_latency) {
    vst3_plugin_notify_latency(view->plugin);
  }
}

/* Time goes by */

/// Note that the plugin has ended `Learn`, which hosts on an older JUCE do not read
/// where the processor reports it
static void
note_learn(Vst3View* const view)
{
  const bool learns = instance_value(view->plugin->instance, PARAM_LEARN) > 0.5;
  view->has_values  = view->has_values || (view->learns && !learns);
  view->learns      = learns;
}

/// Take what has happened, which may end in the host's letting go of the view
static void
dispatch(void* const owner, const bool ticks)
{
  Vst3View* const view = (Vst3View*)owner;
  add_reference(view);
  (ticks ? editor_tick : editor_dispatch)(view->editor);
  note_learn(view);
  notify_host(view);
  drop_reference(view);
}

/* The view */

static v3_result V3_API
is_platform_type_supported(void* const self, const char* const type)
{
  (void)self;
  return type && !strcmp(type, V3_VIEW_PLATFORM_TYPE_NATIVE) ? V3_OK : V3_FALSE;
}

static v3_result V3_API
attached(void* const self, void* const parent, const char* const type)
{
  Vst3View* const view = VIEW_OF(self, view);
  if (!parent || is_platform_type_supported(self, type) != V3_OK) {
    return V3_INVALID_ARG;
  }
  if (editor_is_open(view->editor)) {
    return V3_FALSE;
  }
  if (!vst3_run_loop_take(&view->run_loop, view->frame, EDITOR_TICK_MS)) {
    fprintf(stderr, "requinto: no window: the host has no run loop for it\n");
    return V3_FALSE;
  }
  if (!editor_open(view->editor, (uintptr_t)parent, "Requinto") ||
      !vst3_run_loop_start(
        &view->run_loop, editor_descriptor(view->editor), EDITOR_TICK_MS)) {
    detach(view);
    return V3_FALSE;
  }
  return V3_OK;
}

static v3_result V3_API
removed(void* const self)
{
  detach(VIEW_OF(self, view));
  return V3_OK;
}

/// Wheel and keys come through the window itself
static v3_result V3_API
on_wheel(void* const self, const float distance)
{
  (void)self;
  (void)distance;
  return V3_FALSE;
}

static v3_result V3_API
on_key(void* const   self,
       const int16_t character,
       const int16_t code,
       const int16_t modifiers)
{
  (void)self;
  (void)character;
  (void)code;
  (void)modifiers;
  return V3_FALSE;
}

static v3_result V3_API
get_size(void* const self, struct v3_view_rect* const rect)
{
  uint32_t width  = 0;
  uint32_t height = 0;
  if (!rect) {
    return V3_INVALID_ARG;
  }
  editor_size(VIEW_OF(self, view)->editor, &width, &height);
  *rect = (struct v3_view_rect){0, 0, (int32_t)width, (int32_t)height};
  return V3_OK;
}

/// Return whether a rectangle has an area, and write its size
static bool
size_of(const struct v3_view_rect* const rect,
        uint32_t* const                  width,
        uint32_t* const                  height)
{
  if (!rect || rect->right <= rect->left || rect->bottom <= rect->top) {
    return false;
  }
  *width  = (uint32_t)rect->right - (uint32_t)rect->left;
  *height = (uint32_t)rect->bottom - (uint32_t)rect->top;
  return true;
}

static v3_result V3_API
on_size(void* const self, struct v3_view_rect* const rect)
{
  uint32_t width  = 0;
  uint32_t height = 0;
  if (!size_of(rect, &width, &height)) {
    return V3_INVALID_ARG;
  }
  editor_set_size(VIEW_OF(self, view)->editor, width, height);
  return V3_OK;
}

static v3_result V3_API
on_focus(void* const self, const v3_bool state)
{
  (void)self;
  (void)state;
  return V3_OK;
}

static v3_result V3_API
set_frame(void* const self, struct v3_plugin_frame** const frame)
{
  VIEW_OF(self, view)->frame = frame; // its loop is queried when one is needed
  return V3_OK;
}

static v3_result V3_API
can_resize(void* const self)
{
  (void)self;
  return V3_OK;
}

static v3_result V3_API
check_size_constraint(void* const self, struct v3_view_rect* const rect)
{
  (void)self;
  uint32_t width  = 0;
  uint32_t height = 0;
  if (!size_of(rect, &width, &height)) {
    return V3_INVALID_ARG;
  }
  editor_constrain_size(&width, &height);
  rect->right  = (int32_t)((uint32_t)rect->left + width);
  rect->bottom = (int32_t)((uint32_t)rect->top + height);
  return V3_OK;
}

static v3_result V3_API
set_content_scale_factor(void* const self, const float factor)
{
  if (!(factor > 0.0F)) {
    return V3_INVALID_ARG;
  }
  editor_set_scale(VIEW_OF(self, scale)->editor, (double)factor);
  return V3_OK;
}

static const struct v3_plugin_view view_table = {
  .query_interface            = view_query,
  .ref                        = view_ref,
  .unref                      = view_unref,
  .is_platform_type_supported = is_platform_type_supported,
  .attached                   = attached,
  .removed                    = removed,
  .on_wheel                   = on_wheel,
  .on_key_down                = on_key,
  .on_key_up                  = on_key,
  .get_size                   = get_size,
  .on_size                    = on_size,
  .on_focus                   = on_focus,
  .set_frame                  = set_frame,
  .can_resize                 = can_resize,
  .check_size_constraint      = check_size_constraint,
};

static const struct v3_plugin_view_content_scale scale_table = {
  .query_interface          = scale_query,
  .ref                      = scale_ref,
  .unref                    = scale_unref,
  .set_content_scale_factor = set_content_scale_factor,
};

struct v3_plugin_view**
vst3_view_new(Vst3Plugin* const plugin)
{
  Vst3View* const view = (Vst3View*)calloc(1, sizeof(Vst3View));
  if (!view) {
    return NULL;
  }
  const EditorHost host = {.handle        = view,
                           .begin_edit    = begin_edit,
                           .report_value  = report_value,
                           .end_edit      = end_edit,
                           .report_names  = report_names,
                           .request_size  = request_size,
                           .report_closed = report_closed};
  view->editor          = editor_new(plugin->instance, &host);
  if (!view->editor) {
    free(view);
    return NULL;
  }
  vst3_plugin_ref(plugin);
  view->plugin   = plugin;
  view->view     = &view_table;
  view->scale    = &scale_table;
  view->run_loop = vst3_run_loop((struct v3_funknown**)(void*)&view->view, dispatch);
  atomic_init(&view->n_refs, 1);
  return (struct v3_plugin_view**)(void*)&view->view;
}
