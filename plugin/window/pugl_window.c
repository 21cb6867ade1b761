/* SPDX-License-Identifier: GPL-3.0-or-later

   `window.h` by pugl. */

#include "window/native.h"
#include "window/pugl_events.h"
#include "window/table.h"
#include "window/window.h"

#include <pugl/pugl.h>

#include <math.h>
#include <stdlib.h>

static const double MAX_SCALE = 2;

struct WindowImpl {
  PuglEvents events;
  PuglWorld* world;
  PuglView*  view;
  Native*    native;
  bool       is_dispatching; ///< `dispatch` runs
};

static PuglStatus
take_event(PuglView* const view, const PuglEvent* const event)
{
  Window* const window = (Window*)puglGetHandle(view);
  pugl_events_take(&window->events, event);
  return PUGL_SUCCESS;
}

static void
close_window(Window* const window)
{
  if (!window) {
    return;
  }
  native_enter();
  window->events.is_closed = true; // no events any more
  if (window->native) {
    native_detach(window->native);
  }
  if (window->view) {
    puglFreeView(window->view);
  }
  if (window->world) {
    puglFreeWorld(window->world);
  }
  native_free(window->native);
  free(window);
  native_leave();
}

/// Return a length as pugl measures it
static PuglSpan
in_pixels(const Window* const window, const uint32_t length)
{
  return (PuglSpan)lround(length * window->events.unit);
}

/// Make a view in the world; return false if memory is short
static bool
make_view(Window* const window, const WindowSetup* const setup)
{
  PuglView* const view = puglNewView(window->world);
  if (!view) {
    return false;
  }
  const PuglSpan width  = in_pixels(window, setup->width);
  const PuglSpan height = in_pixels(window, setup->height);
  window->view          = view;
  puglSetHandle(view, window);
  puglSetEventFunc(view, take_event);
  puglSetBackend(view, native_backend());
  puglSetViewHint(view, PUGL_RESIZABLE, PUGL_TRUE);
  puglSetSizeHint(view, PUGL_DEFAULT_SIZE, width, height);
  puglSetSizeHint(view, PUGL_FIXED_ASPECT, width, height);
  if (setup->parent) {
    puglSetParentWindow(view, setup->parent);
  }
  if (setup->title) {
    puglSetWindowTitle(view, setup->title);
  }
  return true;
}

/// Make all that a window consists of; return false and say why not
static bool
make(Window* const window, const WindowSetup* const setup, const char** const problem)
{
  native_set_opening(true);
  window->world = puglNewWorld(PUGL_MODULE, 0);
  native_set_opening(false);
  if (!window->world) {
    *problem = native_no_world();
    return false;
  }
  puglSetClassName(window->world, native_class());
  *problem       = "no window: not enough memory";
  window->native = native_new(
    puglGetNativeWorld(window->world), pugl_events_take_native, &window->events);
  if (!window->native || !make_view(window, setup)) {
    return false;
  }
  *problem = setup->parent ? "no window: the host's window is not there, or refuses"
                           : "no window: the system refuses";
  return !puglShow(window->view) &&
         native_attach(window->native, puglGetNativeView(window->view));
}

static Window*
open_window(const WindowSetup* const setup, const char** const problem)
{
  *problem             = "no window: not enough memory";
  Window* const window = (Window*)calloc(1, sizeof(Window));
  if (!window) {
    return NULL;
  }
  window->events = (PuglEvents){.handler = setup->handler,
                                .context = setup->context,
                                .unit    = native_unit(),
                                .width   = setup->width,
                                .height  = setup->height};
  native_enter();
  const bool is_made = make(window, setup, problem);
  if (is_made) {
    native_finish_call(window->native);
  }
  native_leave();
  if (!is_made) {
    close_window(window);
    return NULL;
  }
  *problem = NULL;
  return window;
}

static void
dispatch(Window* const window)
{
  if (window->is_dispatching) {
    return; // a handler has let the host run its loop
  }
  native_enter();
  window->is_dispatching = true;
  native_begin_dispatch(window->native);
  if (native_is_alive(window->native)) {
    puglUpdate(window->world, 0.0);
  }
  native_finish_dispatch(window->native);
  window->is_dispatching = false;
  native_finish_call(window->native);
  native_leave();
}

/// Begin a call, if there is a window to which it can be made
static bool
begin_call(Window* const window)
{
  native_enter();
  if (native_is_alive(window->native)) {
    return true;
  }
  native_leave();
  return false;
}

static void
end_call(Window* const window)
{
  if (!window->is_dispatching) {
    native_finish_call(window->native);
  }
  native_leave();
}

static void
set_size(Window* const window, const uint32_t width, const uint32_t height)
{
  if (width && height && begin_call(window)) {
    const PuglSpan x = in_pixels(window, width);
    const PuglSpan y = in_pixels(window, height);
    puglSetSizeHint(window->view, PUGL_FIXED_ASPECT, x, y);
    puglSetSize(window->view, x, y);
    end_call(window);
  }
}

static void
show(Window* const         window,
     const uint32_t* const pixels,
     const uint32_t        stride,
     const WindowArea      area)
{
  if (area.width && area.height && begin_call(window)) {
    native_show(window->native, pixels, stride, area);
    end_call(window);
  }
}

static void
grab_focus(Window* const window)
{
  if (begin_call(window)) {
    native_grab_focus(window->native);
    end_call(window);
  }
}

static double
scale(const Window* const window)
{
  const double factor = puglGetScaleFactor(window->view) / window->events.unit;
  return factor > 1 ? fmin(factor, MAX_SCALE) : 1;
}

static int
descriptor(const Window* const window)
{
  return native_descriptor(window->native);
}

static uintptr_t
native(const Window* const window)
{
  return puglGetNativeView(window->view);
}

static bool
choose_file(Window* const window, const char* const title)
{
  bool is_open = false;
  if (begin_call(window)) {
    is_open = native_choose_file(window->native, title, scale(window));
    end_call(window);
  }
  return is_open;
}

const void*
requinto_window(const uint32_t version, const size_t size)
{
  static const WindowTable table = {open_window,
                                    close_window,
                                    dispatch,
                                    set_size,
                                    show,
                                    grab_focus,
                                    scale,
                                    descriptor,
                                    native,
                                    choose_file};

  return version == WINDOW_VERSION && size == sizeof(WindowTable) ? &table : NULL;
}
