/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/editor.h"

#include "editor/canvas.h"
#include "editor/layout.h"
#include "editor/paint.h"
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
  const WindowTable* table;
  Window*            window; ///< NULL while it is not
  Canvas*            canvas;
  Reader*            reader;
  Scene              scene;
  Panel              panel;
  Painted            painted;
  uint64_t           message_end_ms;
  bool               is_closed; ///< By the user, which the host is to know
};

/* Size */

static double
clamp_scale(const double scale)
{
  return fmax(1.0, fmin(scale, EDITOR_MAX_SCALE));
}

/// Return the scale at which the layout fits a size
static double
scale_of(const uint32_t width, const uint32_t height)
{
  return fmin((double)width / EDITOR_WIDTH, (double)height / EDITOR_HEIGHT);
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
  size_of(clamp_scale(scale_of(*width, *height)), width, height);
}

void
editor_size(const Editor* const editor, uint32_t* const width, uint32_t* const height)
{
  *width  = editor->width;
  *height = editor->height;
}

/* Painting */

/// Show a part of the canvas, rounded outwards to pixels
static void
show(Editor* const editor, const Box box)
{
  const double   scale  = canvas_scale(editor->canvas);
  const uint32_t width  = canvas_width(editor->canvas);
  const uint32_t height = canvas_height(editor->canvas);
  const double   left   = fmax(0.0, floor(box.x * scale));
  const double   top    = fmax(0.0, floor(box.y * scale));
  const double   right  = fmin(width, ceil((box.x + box.width) * scale));
  const double   bottom = fmin(height, ceil((box.y + box.height) * scale));
  if (right > left && bottom > top) {
    const WindowArea area = {(uint32_t)left,
                             (uint32_t)top,
                             (uint32_t)(right - left),
                             (uint32_t)(bottom - top)};
    editor->table->show(editor->window, canvas_pixels(editor->canvas), width, area);
  }
}

static void
show_all(Editor* const editor)
{
  const double scale = canvas_scale(editor->canvas);
  show(editor,
       (Box){0.0,
             0.0,
             canvas_width(editor->canvas) / scale,
             canvas_height(editor->canvas) / scale});
}

/// Paint and show what has changed
static void
show_changes(Editor* const editor)
{
  Box            boxes[PAINT_MAX_BOXES];
  const bool     is_new = !editor->painted.is_painted;
  const uint32_t n =
    paint_scene(editor->canvas, &editor->scene, &editor->painted, boxes);
  if (is_new) {
    show_all(editor); // with what lies beyond the layout
    return;
  }
  for (uint32_t i = 0; i < n; ++i) {
    show(editor, boxes[i]);
  }
}

/// Have the canvas in the size of the window
static void
resize_canvas(Editor* const editor, const uint32_t width, const uint32_t height)
{
  const double scale = scale_of(width, height);
  if (scale > 0.0 && canvas_resize(editor->canvas, width, height, scale)) {
    editor->width   = width;
    editor->height  = height;
    editor->painted = (Painted){.is_painted = false};
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
                    canvas_scale(editor->canvas),
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
  editor->host.report_value(
    editor->host.handle, param, instance_value(editor->instance, param));
}

static void
end_edit(void* const handle, const ParamIndex param)
{
  const EditorHost* const host = &((Editor*)handle)->host;
  host->end_edit(host->handle, param);
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
  if (!editor->table->choose_file(editor->window, "A sound of the instrument alone")) {
    show_message(
      editor, "No file dialog can be opened here: drop the file on the window", "");
  }
}

/// Return the name of a file without its folders
static const char*
name_of(const char* const path)
{
  const char* name = path;
  for (const char* c = path; *c; ++c) {
    if (*c == '/' || *c == '\\') {
      name = c + 1;
    }
  }
  return name;
}

static void
use_file(void* const handle, const char* const path)
{
  Editor* const editor  = (Editor*)handle;
  uint32_t      target  = 0;
  const char*   problem = "";
  if (!instance_add_reference(editor->instance, path, &target, &problem)) {
    char what[SCENE_MESSAGE_SIZE];
    snprintf(what, sizeof(what), "%.60s cannot be used: ", name_of(path));
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
  if (!editor->window) {
    return; // it is being opened, and is painted as a whole afterwards
  }
  switch (event->kind) {
  case WINDOW_EXPOSE:
    show_changes(editor);
    show_all(editor);
    return;
  case WINDOW_SIZE:
    resize_canvas(editor, (uint32_t)event->x, (uint32_t)event->y);
    read_scene(editor); // the song's picture has the size of the canvas
    show_changes(editor);
    return;
  case WINDOW_CLOSED:
    editor->is_closed = true; // not closed here: the window is still at work
    return;
  case WINDOW_PRESS:
    editor->table->grab_focus(editor->window);
    break;
  default:
    break;
  }
  const double scale = canvas_scale(editor->canvas);
  WindowEvent  moved = *event;
  moved.x /= scale;
  moved.y /= scale;
  panel_handle(&editor->panel, &moved, os_now_ms());
}

/* Life */

Editor*
editor_new(Instance* const instance, const EditorHost* const host)
{
  Editor* const editor = (Editor*)calloc(1, sizeof(Editor));
  if (editor) {
    editor->instance = instance;
    editor->host     = *host;
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
  canvas_free(editor->canvas);
  editor->reader     = NULL;
  editor->canvas     = NULL;
  editor->scene.song = NULL;
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
  editor->is_closed      = false;
  editor->canvas         = canvas_new();
  editor->reader         = reader_new(editor->instance);
  if (!editor->canvas || !editor->reader) {
    return false;
  }
  resize_canvas(editor, editor->width, editor->height);
  return canvas_width(editor->canvas) > 0;
}

bool
editor_open(Editor* const editor, const uintptr_t parent, const char* const title)
{
  if (editor->window) {
    return true;
  }
  const char* problem = "no memory";
  editor->table       = window_library(&problem);
  if (editor->table && make_parts(editor)) {
    const WindowSetup setup = {
      parent, editor->width, editor->height, title, handle_event, editor};
    editor->window = editor->table->open(&setup, &problem);
  }
  if (!editor->window) {
    fprintf(stderr, "requinto: no window: %s\n", problem);
    free_parts(editor);
    return false;
  }
  read_scene(editor);
  show_changes(editor);
  const double scale = editor->table->scale(editor->window);
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
  if (editor->window) {
    panel_release(&editor->panel);
    editor->table->close(editor->window);
    editor->window = NULL;
    free_parts(editor);
  }
}

bool
editor_is_open(const Editor* const editor)
{
  return editor->window;
}

void
editor_set_scale(Editor* const editor, const double scale)
{
  uint32_t width  = 0;
  uint32_t height = 0;
  size_of(clamp_scale(scale), &width, &height);
  editor->has_host_scale = true;
  editor_set_size(editor, width, height);
}

void
editor_set_size(Editor* const editor, const uint32_t width, const uint32_t height)
{
  if (editor->window) {
    editor->table->set_size(editor->window, width, height);
  } else {
    editor->width  = width;
    editor->height = height;
  }
}

int
editor_descriptor(const Editor* const editor)
{
  return editor->window ? editor->table->descriptor(editor->window) : -1;
}

uintptr_t
editor_native(const Editor* const editor)
{
  return editor->window ? editor->table->native(editor->window) : 0;
}

/* At work */

/// Tell the host that the user has closed the window: it may close the editor now
static void
report_closed(Editor* const editor)
{
  if (editor->window && editor->is_closed) {
    editor->is_closed = false;
    editor->host.report_closed(editor->host.handle);
  }
}

void
editor_dispatch(Editor* const editor)
{
  if (editor->window) {
    editor->table->dispatch(editor->window);
    show_changes(editor);
    report_closed(editor);
  }
}

void
editor_tick(Editor* const editor)
{
  if (editor->window) {
    editor->table->dispatch(editor->window);
    read_scene(editor);
    panel_tick(&editor->panel, os_now_ms());
    show_changes(editor);
    report_closed(editor);
  }
}
