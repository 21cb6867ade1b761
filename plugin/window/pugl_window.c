/* SPDX-License-Identifier: GPL-3.0-or-later

   `window.h` by pugl: its events become ours. */

#include "window/native.h"
#include "window/table.h"
#include "window/window.h"

#include <pugl/pugl.h>
#include <pugl/stub.h>

#include <math.h>
#include <stdlib.h>

static const double DOUBLE_CLICK_S      = 0.4;
static const double DOUBLE_CLICK_PIXELS = 4;
static const double MAX_SCALE           = 2;

struct WindowImpl {
  WindowHandler handler;
  void*         context;
  PuglWorld*    world;
  PuglView*     view;
  Native*       native;
  uint32_t      width;
  uint32_t      height;
  uint32_t      buttons; ///< Those that are down, as bits
  WindowEvent   last_press;
  double        last_press_s;
  bool          has_focus;
  bool          is_outside;     ///< The pointer has left while a button was down
  bool          is_dispatching; ///< `dispatch` runs
  bool          is_closed;      ///< `WINDOW_CLOSED` was sent
};

static void
emit(Window* const window, const WindowEvent* const event)
{
  if (!window->is_closed) {
    window->is_closed = event->kind == WINDOW_CLOSED;
    window->handler(window->context, event);
  }
}

static void
emit_simple(Window* const window, const WindowEventKind kind)
{
  const WindowEvent event = {.kind = kind};
  emit(window, &event);
}

static void
set_focus(Window* const window, const bool has_focus)
{
  if (window->has_focus != has_focus) {
    window->has_focus = has_focus;
    emit_simple(window, has_focus ? WINDOW_FOCUS : WINDOW_BLUR);
  }
}

static void
take_native_event(void* const context, const WindowEvent* const event)
{
  Window* const window = (Window*)context;
  if (event->kind == WINDOW_FOCUS || event->kind == WINDOW_BLUR) {
    set_focus(window, event->kind == WINDOW_FOCUS);
  } else {
    emit(window, event);
  }
}

static uint32_t
modifiers_of(const PuglMods mods)
{
  return ((mods & PUGL_MOD_SHIFT) ? WINDOW_SHIFT : 0U) |
         ((mods & PUGL_MOD_CTRL) ? WINDOW_CONTROL : 0U) |
         ((mods & PUGL_MOD_ALT) ? WINDOW_ALT : 0U);
}

static void
configure(Window* const window, const PuglConfigureEvent* const event)
{
  // A window that is gone has no size
  if (event->width && event->height &&
      (event->width != window->width || event->height != window->height)) {
    window->width         = event->width;
    window->height        = event->height;
    const WindowEvent out = {
      .kind = WINDOW_SIZE, .x = window->width, .y = window->height};
    emit(window, &out);
  }
}

/// Return 2 if a press is the second of two, else 1
static uint32_t
count_clicks(Window* const window, const WindowEvent* const press, const double time_s)
{
  const WindowEvent* const last = &window->last_press;
  const bool is_second = last->n_clicks == 1 && last->button == press->button &&
                         time_s - window->last_press_s <= DOUBLE_CLICK_S &&
                         fabs(press->x - last->x) <= DOUBLE_CLICK_PIXELS &&
                         fabs(press->y - last->y) <= DOUBLE_CLICK_PIXELS;

  window->last_press          = *press;
  window->last_press.n_clicks = is_second ? 2 : 1;
  window->last_press_s        = time_s;
  return window->last_press.n_clicks;
}

static void
take_button(Window* const window, const PuglButtonEvent* const event)
{
  static const uint32_t buttons[] = {1, 3, 2}; // pugl's order is left, right, middle
  if (event->button >= sizeof(buttons) / sizeof(buttons[0])) {
    return;
  }
  const bool     is_press = event->type == PUGL_BUTTON_PRESS;
  const uint32_t bit      = 1U << event->button;
  WindowEvent    out      = {.kind      = is_press ? WINDOW_PRESS : WINDOW_RELEASE,
                             .x         = event->x,
                             .y         = event->y,
                             .button    = buttons[event->button],
                             .n_clicks  = 1,
                             .modifiers = modifiers_of(event->state)};
  if (is_press) {
    window->buttons |= bit;
    out.n_clicks = count_clicks(window, &out, event->time);
  } else {
    window->buttons &= ~bit;
  }
  emit(window, &out);
  if (!window->buttons && window->is_outside) {
    window->is_outside = false;
    emit_simple(window, WINDOW_LEAVE);
  }
}

static void
take_motion(Window* const window, const PuglMotionEvent* const event)
{
  const WindowEvent out = {.kind      = WINDOW_MOVE,
                           .x         = event->x,
                           .y         = event->y,
                           .modifiers = modifiers_of(event->state)};
  emit(window, &out);
}

static void
take_crossing(Window* const window, const PuglCrossingEvent* const event)
{
  const bool is_out  = event->type == PUGL_POINTER_OUT;
  window->is_outside = is_out && window->buttons;
  if (is_out && !window->buttons) {
    emit_simple(window, WINDOW_LEAVE);
  }
}

static void
take_scroll(Window* const window, const PuglScrollEvent* const event)
{
  if (event->dy < 0 || event->dy > 0) {
    const WindowEvent out = {.kind      = WINDOW_SCROLL,
                             .x         = event->x,
                             .y         = event->y,
                             .steps     = event->dy,
                             .modifiers = modifiers_of(event->state)};
    emit(window, &out);
  }
}

static WindowKey
key_of(const uint32_t key)
{
  static const struct {
    uint32_t  pugl;
    WindowKey key;
  } keys[] = {
    {'\t', WINDOW_KEY_TAB},
    {'\r', WINDOW_KEY_ENTER},
    {'\n', WINDOW_KEY_ENTER},
    {PUGL_KEY_ESCAPE, WINDOW_KEY_ESCAPE},
    {PUGL_KEY_BACKSPACE, WINDOW_KEY_BACKSPACE},
    {PUGL_KEY_DELETE, WINDOW_KEY_DELETE},
    {PUGL_KEY_LEFT, WINDOW_KEY_LEFT},
    {PUGL_KEY_RIGHT, WINDOW_KEY_RIGHT},
    {PUGL_KEY_UP, WINDOW_KEY_UP},
    {PUGL_KEY_DOWN, WINDOW_KEY_DOWN},
    {PUGL_KEY_PAGE_UP, WINDOW_KEY_PAGE_UP},
    {PUGL_KEY_PAGE_DOWN, WINDOW_KEY_PAGE_DOWN},
    {PUGL_KEY_HOME, WINDOW_KEY_HOME},
    {PUGL_KEY_END, WINDOW_KEY_END},
  };
  for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); ++i) {
    if (keys[i].pugl == key) {
      return keys[i].key;
    }
  }
  return WINDOW_KEY_NONE;
}

static void
take_key(Window* const window, const PuglKeyEvent* const event)
{
  const WindowEvent out = {.kind      = WINDOW_KEY,
                           .modifiers = modifiers_of(event->state),
                           .key       = key_of(event->key)};
  if (out.key != WINDOW_KEY_NONE) {
    emit(window, &out);
  }
}

static void
take_text(Window* const window, const PuglTextEvent* const event)
{
  const uint32_t c           = event->character;
  const uint32_t modifiers   = modifiers_of(event->state);
  const bool     has_control = (modifiers & WINDOW_CONTROL) != 0;
  const bool     has_alt     = (modifiers & WINDOW_ALT) != 0;
  // Both together are AltGr on Windows, and one alone is for shortcuts
  if (c >= 0x20 && (c < 0x7F || c >= 0xA0) && has_control == has_alt) {
    const WindowEvent out = {
      .kind = WINDOW_TEXT, .modifiers = modifiers, .character = c};
    emit(window, &out);
  }
}

static PuglStatus
take_event(PuglView* const view, const PuglEvent* const event)
{
  Window* const window = (Window*)puglGetHandle(view);
  switch (event->type) {
    case PUGL_CONFIGURE:
      configure(window, &event->configure);
      break;
    case PUGL_EXPOSE:
      emit_simple(window, WINDOW_EXPOSE);
      break;
    case PUGL_CLOSE:
      emit_simple(window, WINDOW_CLOSED);
      break;
    case PUGL_FOCUS_IN:
    case PUGL_FOCUS_OUT:
      // A grab lends the keys for a moment, as when the user changes desktops
      if (event->focus.mode == PUGL_CROSSING_NORMAL) {
        set_focus(window, event->type == PUGL_FOCUS_IN);
      }
      break;
    case PUGL_KEY_PRESS:
      take_key(window, &event->key);
      break;
    case PUGL_TEXT:
      take_text(window, &event->text);
      break;
    case PUGL_POINTER_IN:
    case PUGL_POINTER_OUT:
      take_crossing(window, &event->crossing);
      break;
    case PUGL_BUTTON_PRESS:
    case PUGL_BUTTON_RELEASE:
      take_button(window, &event->button);
      break;
    case PUGL_MOTION:
      take_motion(window, &event->motion);
      break;
    case PUGL_SCROLL:
      take_scroll(window, &event->scroll);
      break;
    default:
      break;
  }
  return PUGL_SUCCESS;
}

static void
close_window(Window* const window)
{
  if (!window) {
    return;
  }
  native_enter();
  window->is_closed = true; // no events any more
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

/// Make a view in the world; return false if memory is short
static bool
make_view(Window* const window, const WindowSetup* const setup)
{
  PuglView* const view = puglNewView(window->world);
  if (!view) {
    return false;
  }
  const PuglSpan width  = (PuglSpan)setup->width;
  const PuglSpan height = (PuglSpan)setup->height;
  window->view          = view;
  puglSetHandle(view, window);
  puglSetEventFunc(view, take_event);
  puglSetBackend(view, puglStubBackend());
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
  puglSetClassName(window->world, NATIVE_CLASS);
  *problem = "no window: not enough memory";
  window->native =
    native_new(puglGetNativeWorld(window->world), take_native_event, window);
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
  window->handler = setup->handler;
  window->context = setup->context;
  window->width   = setup->width;
  window->height  = setup->height;
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
    puglSetSizeHint(window->view, PUGL_FIXED_ASPECT, (PuglSpan)width, (PuglSpan)height);
    puglSetSize(window->view, width, height);
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
  const double factor = puglGetScaleFactor(window->view);
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
