/* SPDX-License-Identifier: GPL-3.0-or-later

   The plugin's window in an LV2 host, which has it in the plugin's own process and
   calls it again and again. */

#include "editor/editor.h"
#include "lv2/features.h"
#include "lv2/plugin.h"
#include "os/attributes.h"
#include "os/os.h"

#include <lv2/atom.h>
#include <lv2/instance-access.h>
#include <lv2/options.h>
#include <lv2/ui.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TITLE = 256 };

/// A window's user interface
typedef struct {
  const Lv2Plugin*     plugin;
  Editor*              editor;
  LV2UI_Write_Function write;
  LV2UI_Controller     controller;
  const LV2UI_Resize*  resize; ///< NULL where the host has none
  const LV2UI_Touch*   touch;  ///< Likewise
  char                 title[MAX_TITLE];
  bool                 is_embedded;
  bool                 is_closed; ///< By the user
  uint64_t             ticked_ms; ///< When it painted last

  /* Learning ends by itself, of which a port says nothing */
  bool  learns;
  float learn_port;
} Lv2Ui;

/* What the editor has to say */

static uint32_t
port_of(const Lv2Ui* const ui, const ParamIndex index)
{
  return lv2_param_port(ui->plugin->n_channels, index);
}

static void
touch(const Lv2Ui* const ui, const ParamIndex index, const bool is_held)
{
  if (ui->touch) {
    ui->touch->touch(ui->touch->handle, port_of(ui, index), is_held);
  }
}

static void
begin_edit(void* const handle, const ParamIndex index)
{
  touch((const Lv2Ui*)handle, index, true);
}

/// Return whether the host's description of a port has a value
static bool
can_hold(const ParamIndex index, const double plain)
{
  return index != PARAM_TARGET ||
         plain < (double)lv2_n_targets(params_info(index)->n_labels);
}

static void
report_value(void* const handle, const ParamIndex index, const double plain)
{
  Lv2Ui* const    ui    = (Lv2Ui*)handle;
  const ParamInfo row   = instance_param(ui->plugin->instance, index);
  const float     value = (float)lv2_port_value(&row, plain);
  if (can_hold(index, plain)) {
    ui->write(ui->controller, port_of(ui, index), sizeof(value), 0, &value);
  }
  ui->learn_port = index == PARAM_LEARN ? value : ui->learn_port;
}

static void
end_edit(void* const handle, const ParamIndex index)
{
  touch((const Lv2Ui*)handle, index, false);
}

/// The names are in the description, which hosts read once
static void
report_names(void* const handle)
{
  (void)handle;
}

static bool
request_size(void* const handle, const uint32_t width, const uint32_t height)
{
  const Lv2Ui* const ui = (const Lv2Ui*)handle;
  const bool         agrees =
    !ui->is_embedded ||
    (ui->resize && !ui->resize->ui_resize(ui->resize->handle, (int)width, (int)height));
  if (agrees) {
    editor_set_size(ui->editor, width, height); // the host need not
  }
  return agrees;
}

static void
report_closed(void* const handle)
{
  ((Lv2Ui*)handle)->is_closed = true;
}

/* What the host calls again and again */

/// Release the port of `Learn` when the plugin has released the parameter
static void
follow_learning(Lv2Ui* const ui)
{
  const bool learns = instance_value(ui->plugin->instance, PARAM_LEARN) > 0.5;
  if (ui->learns && !learns && ui->learn_port > 0.5F) {
    report_value(ui, PARAM_LEARN, 0.0);
  }
  ui->learns = learns;
}

static int
idle(const LV2UI_Handle handle)
{
  Lv2Ui* const ui = (Lv2Ui*)handle;
  if (!editor_is_open(ui->editor)) {
    return 1;
  }
  // Some hosts call much more often than we paint
  const uint64_t now   = os_now_ms();
  const bool     ticks = now - ui->ticked_ms >= EDITOR_TICK_MS * 3 / 4;
  ui->ticked_ms        = ticks ? now : ui->ticked_ms;
  (ticks ? editor_tick : editor_dispatch)(ui->editor);
  follow_learning(ui);
  if (ui->is_closed) {
    editor_close(ui->editor);
  }
  return ui->is_closed;
}

/* Life */

/// Take the options that concern us
static void
take_options(Lv2Ui* const ui, const LV2_Feature* const* const features)
{
  const LV2_URID_Map* const map =
    (const LV2_URID_Map*)lv2_find_feature(features, LV2_URID__map);
  const LV2_Options_Option* option =
    (const LV2_Options_Option*)lv2_find_feature(features, LV2_OPTIONS__options);
  if (!map || !option) {
    return;
  }
  const LV2_URID scale  = map->map(map->handle, LV2_UI__scaleFactor);
  const LV2_URID title  = map->map(map->handle, LV2_UI__windowTitle);
  const LV2_URID number = map->map(map->handle, LV2_ATOM__Float);
  const LV2_URID text   = map->map(map->handle, LV2_ATOM__String);
  for (; option->key || option->value; ++option) {
    if (option->key == scale && option->type == number) {
      editor_set_scale(ui->editor, (double)*(const float*)option->value);
    } else if (option->key == title && option->type == text) {
      snprintf(ui->title, sizeof(ui->title), "%s", (const char*)option->value);
    }
  }
}

/// Open the window in the host's, and say how large it is; return false if it cannot be
static bool
embed(Lv2Ui* const ui, const uintptr_t parent, LV2UI_Widget* const widget)
{
  uint32_t width  = 0;
  uint32_t height = 0;
  if (!editor_open(ui->editor, parent, ui->title)) {
    return false;
  }
  ui->is_embedded = true;
  *widget         = (LV2UI_Widget)editor_native(ui->editor);
  editor_size(ui->editor, &width, &height);
  if (ui->resize) {
    (void)ui->resize->ui_resize(ui->resize->handle, (int)width, (int)height);
  }
  return true;
}

static void
cleanup(const LV2UI_Handle handle)
{
  Lv2Ui* const ui = (Lv2Ui*)handle;
  editor_free(ui->editor);
  free(ui);
}

static LV2UI_Handle
instantiate(const LV2UI_Descriptor* const   descriptor,
            const char* const               plugin_uri,
            const char* const               bundle,
            const LV2UI_Write_Function      write,
            const LV2UI_Controller          controller,
            LV2UI_Widget* const             widget,
            const LV2_Feature* const* const features)
{
  (void)descriptor;
  (void)plugin_uri;
  (void)bundle;
  const Lv2Plugin* const plugin =
    (const Lv2Plugin*)lv2_find_feature(features, LV2_INSTANCE_ACCESS_URI);
  Lv2Ui* const ui = plugin ? (Lv2Ui*)calloc(1, sizeof(Lv2Ui)) : NULL;
  if (!ui) {
    fprintf(stderr, "requinto: no window: the host gives no access to the plugin\n");
    return NULL;
  }
  const EditorHost host = {.handle        = ui,
                           .begin_edit    = begin_edit,
                           .report_value  = report_value,
                           .end_edit      = end_edit,
                           .report_names  = report_names,
                           .request_size  = request_size,
                           .report_closed = report_closed};
  *ui                   = (Lv2Ui){.plugin     = plugin,
                                  .editor     = editor_new(plugin->instance, &host),
                                  .write      = write,
                                  .controller = controller,
                                  .title      = "Requinto"};
  ui->resize = (const LV2UI_Resize*)lv2_find_feature(features, LV2_UI__resize);
  ui->touch  = (const LV2UI_Touch*)lv2_find_feature(features, LV2_UI__touch);

  const uintptr_t parent = (uintptr_t)lv2_find_feature(features, LV2_UI__parent);
  *widget                = NULL;
  if (ui->editor) {
    take_options(ui, features);
  }
  if (!ui->editor || (parent && !embed(ui, parent, widget))) {
    cleanup(ui);
    return NULL;
  }
  return ui;
}

static void
port_event(const LV2UI_Handle handle,
           const uint32_t     port,
           const uint32_t     n_bytes,
           const uint32_t     format,
           const void* const  bytes)
{
  Lv2Ui* const ui = (Lv2Ui*)handle;
  // The editor reads the instance itself
  if (port == port_of(ui, PARAM_LEARN) && !format && n_bytes == sizeof(float)) {
    ui->learn_port = *(const float*)bytes;
  }
}

/* Windows without a parent */

static int
show(const LV2UI_Handle handle)
{
  Lv2Ui* const ui = (Lv2Ui*)handle;
  ui->is_closed   = false;
  return !editor_is_open(ui->editor) && !editor_open(ui->editor, 0, ui->title);
}

static int
hide(const LV2UI_Handle handle)
{
  editor_close(((Lv2Ui*)handle)->editor);
  return 0;
}

/* The interface */

static int
resize(const LV2UI_Handle handle, const int width, const int height)
{
  if (width <= 0 || height <= 0) {
    return 1;
  }
  editor_set_size(((Lv2Ui*)handle)->editor, (uint32_t)width, (uint32_t)height);
  return 0;
}

static const void*
extension_data(const char* const uri)
{
  static const LV2UI_Idle_Interface idles   = {idle};
  static const LV2UI_Show_Interface shows   = {show, hide};
  static const LV2UI_Resize         resizes = {NULL, resize};
  return !strcmp(uri, LV2_UI__idleInterface)   ? (const void*)&idles
         : !strcmp(uri, LV2_UI__showInterface) ? (const void*)&shows
         : !strcmp(uri, LV2_UI__resize)        ? (const void*)&resizes
                                               : NULL;
}

EXPORT const LV2UI_Descriptor*
lv2ui_descriptor(const uint32_t index)
{
  static const LV2UI_Descriptor descriptor = {
    LV2_PORTS_UI_URI, instantiate, cleanup, port_event, extension_data};
  return index ? NULL : &descriptor;
}
