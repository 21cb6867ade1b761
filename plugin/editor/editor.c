/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/editor.h"

#include "editor/canvas.h"
#include "editor/display.h"
#include "editor/layout.h"
#include "editor/panel.h"
#include "editor/reader.h"
#include "os/os.h"
#include "window/window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MS = 8000 }; ///< For which an error of the window itself is shown

_Static_assert((int)EDITOR_WIDTH == (int)LAYOUT_WIDTH &&
                 (int)EDITOR_HEIGHT == (int)LAYOUT_HEIGHT,
               "a unit of the layout is a pixel at a scale of 1");

struct EditorImpl {
  Instance*  instance;
  EditorHost host;
  uint32_t   width; ///< Pixels, of the window that is or will be open
  uint32_t   height;
  bool       has_host_scale;

  /* While it is open */
  Display  display; ///< Without a window while it is not
  Reader*  reader;
  Scene    scene;
  Panel    panel;
  uint64_t message_end_ms;
  bool     awaits_bar;      ///< The user has pressed `Learn` here
  uint32_t sounds_revision; ///< Of the instance, at that time
  bool     is_closed;       ///< By the user, which the host is to know
};

/* Size */

static double
clamp_scale(const double scale)
{
  return fmax(1.0, fmin(scale, EDITOR_MAX_SCALE));
}

static void
size_of(const double scale, uint32_t* const width, uint32_t* const height)
{
  *width  = (uint32_t)lround(scale * EDITOR_WIDTH);
  *height = (uint32_t)lround(scale * EDITOR_HEIGHT);
}

void
editor_constrain_size(uint32_t* const width, uint32_t* const height)
{
  size_of(clamp_scale(display_scale_of(*width, *height)), width, height);
}

void
editor_size(const Editor* const editor, uint32_t* const width, uint32_t* const height)
{
  *width  = editor->width;
  *height = editor->height;
}

/* Painting */

/// Have the canvas in the size of the window
static void
resize_canvas(Editor* const editor, const uint32_t width, const uint32_t height)
{
  if (display_resize(&editor->display, width, height)) {
    editor->width  = width;
    editor->height = height;
  }
}

/// Bring the scene up to date
static void
read_scene(Editor* const editor)
{
  const uint64_t now_ms = os_now_ms();
  reader_read_values(editor->reader, &editor->scene, editor->panel.edits.held);
  reader_read_sound(editor->reader,
                    &editor->scene,
                    layout_box(AREA_SONG),
                    canvas_scale(editor->display.canvas),
                    now_ms);
  if (now_ms >= editor->message_end_ms) {
    editor->scene.message[0] = '\0';
  }
}

/* What the user does */

static void
begin_edit(void* const handle, const ParamIndex param)
{
  const EditorHost* const host = &((Editor*)handle)->host;
  host->begin_edit(host->handle, param);
}

static void
set_value(void* const handle, const ParamIndex param, const double plain)
{
  Editor* const editor = (Editor*)handle;
  instance_set_value(editor->instance, param, plain);
  if (param == PARAM_LEARN) {
    editor->awaits_bar      = plain > 0.5;
    editor->sounds_revision = instance_sounds_revision(editor->instance);
  }
  editor->host.report_value(
    editor->host.handle, param, instance_value(editor->instance, param));
}

static void
end_edit(void* const handle, const ParamIndex param)
{
  const EditorHost* const host = &((Editor*)handle)->host;
  host->end_edit(host->handle, param);
}

/// Choose the bar that the user has waited for, once it is there
static void
choose_learned(Editor* const editor)
{
  Edits* const edits = &editor->panel.edits;
  if (editor->awaits_bar && editor->scene.values[PARAM_LEARN] < 0.5 &&
      edits->held == N_PARAMS) {
    editor->awaits_bar = false;
    // Else something has switched `Learn` off before there was a bar
    if (instance_sounds_revision(editor->instance) != editor->sounds_revision) {
      edits_set_once(edits, PARAM_TARGET, editor->scene.learned_index);
    }
  }
}

static void
show_message(Editor* const editor, const char* const what, const char* const why)
{
  snprintf(
    editor->scene.message, sizeof(editor->scene.message), "%.120s%.120s", what, why);
  editor->message_end_ms = os_now_ms() + MESSAGE_MS;
}

static void
choose_file(void* const handle)
{
  Editor* const editor = (Editor*)handle;
  if (!editor->display.table->choose_file(editor->display.window,
                                          "A sound of the instrument alone")) {
    show_message(
      editor,
      "The file dialog cannot be opened: close another one, or drop the file here",
      "");
  }
}

static void
use_file(void* const handle, const char* const path)
{
  Editor* const editor  = (Editor*)handle;
  uint32_t      target  = 0;
  const char*   problem = "";
  if (!instance_add_reference(editor->instance, path, &target, &problem)) {
    const char* const slash = strrchr(path, '/');
    char              what[SCENE_MESSAGE_SIZE];
    snprintf(what, sizeof(what), "%.60s cannot be used: ", slash ? slash + 1 : path);
    show_message(editor, what, problem);
    return;
  }
  editor->message_end_ms = 0;
  editor->scene.target   = instance_param(editor->instance, PARAM_TARGET);
  editor->host.report_names(editor->host.handle);
  edits_set_once(&editor->panel.edits, PARAM_TARGET, target);
}

static void
handle_event(void* const context, const WindowEvent* const event)
{
  Editor* const editor = (Editor*)context;
  if (!editor->display.window) { // it is being opened, and is painted afterwards
    if (event->kind == WINDOW_SIZE) {
      resize_canvas(editor, (uint32_t)event->x, (uint32_t)event->y);
    }
    return;
  }
  switch (event->kind) {
    case WINDOW_EXPOSE:
      display_update(&editor->display, &editor->scene);
      display_show(&editor->display);
      return;
    case WINDOW_SIZE:
      resize_canvas(editor, (uint32_t)event->x, (uint32_t)event->y);
      read_scene(editor); // the song's picture has the size of the canvas
      display_update(&editor->display, &editor->scene);
      return;
    case WINDOW_CLOSED:
      editor->is_closed = true; // not closed here: the window is still at work
      return;
    case WINDOW_PRESS:
      editor->display.table->grab_focus(editor->display.window);
      break;
    default:
      break;
  }
  const double scale = canvas_scale(editor->display.canvas);
  WindowEvent  moved = *event;
  moved.x /= scale;
  moved.y /= scale;
  panel_handle(&editor->panel, &moved, os_now_ms());
}

/* Life */

Editor*
editor_new(Instance* const instance, const EditorHost* const host)
{
  const char*              problem = "";
  const WindowTable* const table   = window_library(&problem);
  if (!table) {
    fprintf(stderr, "requinto: %s\n", problem);
    return NULL;
  }
  Editor* const editor = (Editor*)calloc(1, sizeof(Editor));
  if (editor) {
    editor->instance      = instance;
    editor->host          = *host;
    editor->display.table = table;
    size_of(1.0, &editor->width, &editor->height);
  }
  return editor;
}

void
editor_free(Editor* const editor)
{
  if (editor) {
    editor_close(editor);
    free(editor);
  }
}

/// Free what an open editor has, apart from its window
static void
free_parts(Editor* const editor)
{
  reader_free(editor->reader);
  canvas_free(editor->display.canvas);
  editor->reader         = NULL;
  editor->display.canvas = NULL;
  editor->scene.song     = NULL;
}

/// Make what an open editor has, and paint the first picture
static bool
make_parts(Editor* const editor)
{
  const PanelActions actions = {
    editor, begin_edit, set_value, end_edit, choose_file, use_file};
  editor->scene          = (Scene){.meters = meters_new()};
  editor->panel          = panel_new(&editor->scene, &actions);
  editor->message_end_ms = 0;
  editor->awaits_bar     = false;
  editor->is_closed      = false;
  editor->display.canvas = canvas_new();
  editor->reader         = reader_new(editor->instance);
  if (!editor->display.canvas || !editor->reader) {
    return false;
  }
  resize_canvas(editor, editor->width, editor->height);
  return canvas_width(editor->display.canvas) > 0;
}

bool
editor_open(Editor* const editor, const uintptr_t parent, const char* const title)
{
  if (editor->display.window) {
    return true;
  }
  const char* problem = scope_is_open(instance_scope(editor->instance))
                          ? "no second window: one of this instance is open"
                          : "no window: not enough memory";
  if (make_parts(editor)) {
    const WindowSetup setup = {
      parent, editor->width, editor->height, title, handle_event, editor};
    editor->display.window = editor->display.table->open(&setup, &problem);
  }
  if (!editor->display.window) {
    fprintf(stderr, "requinto: %s\n", problem);
    free_parts(editor);
    return false;
  }
  read_scene(editor);
  display_update(&editor->display, &editor->scene);
  const double scale = editor->display.table->scale(editor->display.window);
  if (!editor->has_host_scale && scale > 1.0) {
    uint32_t width  = 0;
    uint32_t height = 0;
    size_of(clamp_scale(scale), &width, &height);
    (void)editor->host.request_size(editor->host.handle, width, height);
  }
  return true;
}

void
editor_close(Editor* const editor)
{
  if (editor->display.window) {
    panel_release(&editor->panel);
    editor->display.table->close(editor->display.window);
    editor->display.window = NULL;
    free_parts(editor);
  }
}

bool
editor_is_open(const Editor* const editor)
{
  return editor->display.window;
}

void
editor_set_scale(Editor* const editor, const double scale)
{
  uint32_t width  = 0;
  uint32_t height = 0;
  size_of(clamp_scale(scale), &width, &height);
  editor->has_host_scale = true;
  editor_set_size(editor, width, height);
  if (editor->display.window) {
    (void)editor->host.request_size(editor->host.handle, width, height);
  }
}

void
editor_set_size(Editor* const editor, const uint32_t width, const uint32_t height)
{
  if (editor->display.window) {
    editor->display.table->set_size(editor->display.window, width, height);
  } else {
    editor->width  = width;
    editor->height = height;
  }
}

int
editor_descriptor(const Editor* const editor)
{
  return editor->display.window
           ? editor->display.table->descriptor(editor->display.window)
           : -1;
}

uintptr_t
editor_native(const Editor* const editor)
{
  return editor->display.window ? editor->display.table->native(editor->display.window)
                                : 0;
}

/* At work */

/// Tell the host that the user has closed the window: it may close the editor now
static void
report_closed(Editor* const editor)
{
  if (editor->display.window && editor->is_closed) {
    editor->is_closed = false;
    editor->host.report_closed(editor->host.handle);
  }
}

void
editor_dispatch(Editor* const editor)
{
  if (editor->display.window) {
    editor->display.table->dispatch(editor->display.window);
    display_update(&editor->display, &editor->scene);
    report_closed(editor);
  }
}

void
editor_tick(Editor* const editor)
{
  editor_dispatch(editor);
  if (editor->display.window) {
    read_scene(editor);
    choose_learned(editor);
    panel_tick(&editor->panel, os_now_ms());
    display_update(&editor->display, &editor->scene);
  }
}
