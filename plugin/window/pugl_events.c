/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "window/pugl_events.h"

#include <math.h>
#include <stddef.h>

static const double DOUBLE_CLICK_S      = 0.4;
static const double DOUBLE_CLICK_PIXELS = 4;

static void
emit(PuglEvents* const events, const WindowEvent* const event)
{
  if (!events->is_closed) {
    events->is_closed = event->kind == WINDOW_CLOSED;
    events->handler(events->context, event);
  }
}

static void
emit_simple(PuglEvents* const events, const WindowEventKind kind)
{
  const WindowEvent event = {.kind = kind};
  emit(events, &event);
}

static void
set_focus(PuglEvents* const events, const bool has_focus)
{
  if (events->has_focus != has_focus) {
    events->has_focus = has_focus;
    emit_simple(events, has_focus ? WINDOW_FOCUS : WINDOW_BLUR);
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
configure(PuglEvents* const events, const PuglConfigureEvent* const event)
{
  // A window that is gone has no size
  const uint32_t width  = (uint32_t)(event->width / events->unit);
  const uint32_t height = (uint32_t)(event->height / events->unit);
  if (width && height && (width != events->width || height != events->height)) {
    events->width         = width;
    events->height        = height;
    const WindowEvent out = {
      .kind = WINDOW_SIZE, .x = events->width, .y = events->height};
    emit(events, &out);
  }
}

/// Return 2 if a press is the second of two, else 1
static uint32_t
count_clicks(PuglEvents* const        events,
             const WindowEvent* const press,
             const double             time_s)
{
  const WindowEvent* const last = &events->last_press;
  const bool is_second = last->n_clicks == 1 && last->button == press->button &&
                         time_s - events->last_press_s <= DOUBLE_CLICK_S &&
                         fabs(press->x - last->x) <= DOUBLE_CLICK_PIXELS &&
                         fabs(press->y - last->y) <= DOUBLE_CLICK_PIXELS;

  events->last_press          = *press;
  events->last_press.n_clicks = is_second ? 2 : 1;
  events->last_press_s        = time_s;
  return events->last_press.n_clicks;
}

static void
take_button(PuglEvents* const events, const PuglButtonEvent* const event)
{
  static const uint32_t buttons[] = {1, 3, 2}; // pugl's order is left, right, middle
  if (event->button >= sizeof(buttons) / sizeof(buttons[0])) {
    return;
  }
  const bool     is_press = event->type == PUGL_BUTTON_PRESS;
  const uint32_t bit      = 1U << event->button;
  WindowEvent    out      = {.kind      = is_press ? WINDOW_PRESS : WINDOW_RELEASE,
                             .x         = event->x / events->unit,
                             .y         = event->y / events->unit,
                             .button    = buttons[event->button],
                             .n_clicks  = 1,
                             .modifiers = modifiers_of(event->state)};
  if (is_press) {
    events->buttons |= bit;
    out.n_clicks = count_clicks(events, &out, event->time);
  } else {
    events->buttons &= ~bit;
  }
  emit(events, &out);
  if (!events->buttons && events->is_outside) {
    events->is_outside = false;
    emit_simple(events, WINDOW_LEAVE);
  }
}

static void
take_motion(PuglEvents* const events, const PuglMotionEvent* const event)
{
  const WindowEvent out = {.kind      = WINDOW_MOVE,
                           .x         = event->x / events->unit,
                           .y         = event->y / events->unit,
                           .modifiers = modifiers_of(event->state)};
  emit(events, &out);
}

static void
take_crossing(PuglEvents* const events, const PuglCrossingEvent* const event)
{
  const bool is_out  = event->type == PUGL_POINTER_OUT;
  events->is_outside = is_out && events->buttons;
  if (is_out && !events->buttons) {
    emit_simple(events, WINDOW_LEAVE);
  }
}

static void
take_scroll(PuglEvents* const events, const PuglScrollEvent* const event)
{
  if (event->dy < 0 || event->dy > 0) {
    const WindowEvent out = {.kind      = WINDOW_SCROLL,
                             .x         = event->x / events->unit,
                             .y         = event->y / events->unit,
                             .steps     = event->dy,
                             .modifiers = modifiers_of(event->state)};
    emit(events, &out);
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
take_key(PuglEvents* const events, const PuglKeyEvent* const event)
{
  const WindowEvent out = {.kind      = WINDOW_KEY,
                           .modifiers = modifiers_of(event->state),
                           .key       = key_of(event->key)};
  if (out.key != WINDOW_KEY_NONE) {
    emit(events, &out);
  }
}

static void
take_character(PuglEvents* const events, const uint32_t c, const uint32_t modifiers)
{
  const bool has_control  = (modifiers & WINDOW_CONTROL) != 0;
  const bool has_alt      = (modifiers & WINDOW_ALT) != 0;
  const bool is_control   = c < 0x20 || (c >= 0x7F && c < 0xA0);
  const bool is_surrogate = c >= 0xD800 && c < 0xE000; // half of what is not handled
  // Both together are AltGr on Windows, and one alone is for shortcuts
  if (!is_control && !is_surrogate && has_control == has_alt) {
    const WindowEvent out = {
      .kind = WINDOW_TEXT, .modifiers = modifiers, .character = c};
    emit(events, &out);
  }
}

void
pugl_events_take_native(void* const context, const WindowEvent* const event)
{
  PuglEvents* const events = (PuglEvents*)context;
  if (event->kind == WINDOW_FOCUS || event->kind == WINDOW_BLUR) {
    set_focus(events, event->kind == WINDOW_FOCUS);
  } else if (event->kind == WINDOW_TEXT) {
    take_character(events, event->character, event->modifiers);
  } else {
    emit(events, event);
  }
}

void
pugl_events_take(PuglEvents* const events, const PuglEvent* const event)
{
  switch (event->type) {
    case PUGL_CONFIGURE:
      configure(events, &event->configure);
      break;
    case PUGL_EXPOSE:
      emit_simple(events, WINDOW_EXPOSE);
      break;
    case PUGL_CLOSE:
      emit_simple(events, WINDOW_CLOSED);
      break;
    case PUGL_FOCUS_IN:
    case PUGL_FOCUS_OUT:
      // A grab lends the keys for a moment, as when the user changes desktops
      if (event->focus.mode == PUGL_CROSSING_NORMAL) {
        set_focus(events, event->type == PUGL_FOCUS_IN);
      }
      break;
    case PUGL_KEY_PRESS:
      take_key(events, &event->key);
      break;
    case PUGL_TEXT:
      take_character(events, event->text.character, modifiers_of(event->text.state));
      break;
    case PUGL_POINTER_IN:
    case PUGL_POINTER_OUT:
      take_crossing(events, &event->crossing);
      break;
    case PUGL_BUTTON_PRESS:
    case PUGL_BUTTON_RELEASE:
      take_button(events, &event->button);
      break;
    case PUGL_MOTION:
      take_motion(events, &event->motion);
      break;
    case PUGL_SCROLL:
      take_scroll(events, &event->scroll);
      break;
    default:
      break;
  }
}
