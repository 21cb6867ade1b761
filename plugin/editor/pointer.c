/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/pointer.h"

#include "editor/entry.h"
#include "editor/layout.h"
#include "editor/popup.h"
#include "editor/tooltip.h"

#include <math.h>

enum {
  LEFT_BUTTON    = 1,
  ROWS_PER_STEP  = 3, ///< Of an open list, by the wheel
  UNITS_PER_STEP = 3  ///< Of a number that is dragged up or down
};

#define CLICK_DISTANCE 3.0 ///< Up to which a press is not a drag

Pointer
pointer_new(void)
{
  return (Pointer){.wheel_on = CONTROL_NONE};
}

void
pointer_hide_tooltip(Pointer* const pointer, Edits* const edits)
{
  pointer->may_rest          = false;
  edits->scene->user.tooltip = CONTROL_NONE;
}

/* Pressing */

/// Take a press while a list is open: a row is chosen, and anything else closes it
static void
press_on_list(Edits* const edits, const WindowEvent* const event)
{
  const Control    control = edits->scene->user.list;
  const ListLayout list    = popup_layout(edits->scene);
  const int32_t    row     = popup_row_at(edits->scene, event->x, event->y);
  if (row >= 0) {
    popup_choose(edits, (uint32_t)row);
  } else if (!box_has(list.box, event->x, event->y)) {
    popup_close(edits);
    if (event->n_clicks == 2 && layout_at(event->x, event->y) == control) {
      edits_reset(edits, control);
    }
  }
}

/// Return the value of a slider at a point
static double
value_at(const Edits* const edits, const Control control, const double x)
{
  const ParamInfo* const info = scene_param(edits->scene, control_info(control)->param);
  const Box              track = layout_track(control);
  return info->min + (x - track.x) / track.width * (info->max - info->min);
}

/// Set the value of a drag, in the steps of the control
static void
set_dragged(Edits* const  edits,
            const Control control,
            const double  value,
            const bool    fine)
{
  const ControlInfo* const info = control_info(control);
  const double             step = fine ? info->fine_step : info->step;
  edits_set(edits, round(value / step) * step);
}

static void
press_slider(Pointer* const           pointer,
             Edits* const             edits,
             const Control            control,
             const WindowEvent* const event)
{
  if (!box_has(layout_digits(control), event->x, event->y)) {
    const bool fine = event->modifiers & WINDOW_SHIFT;
    edits_begin(edits, control_info(control)->param);
    if (!fine) { // else the handle is taken where it is
      pointer->value = value_at(edits, control, event->x);
      set_dragged(edits, control, pointer->value, false);
    }
  }
}

static void
press_control(Pointer* const           pointer,
              Edits* const             edits,
              const Control            control,
              const WindowEvent* const event)
{
  const ControlInfo* const info = control_info(control);
  const bool               has_default =
    info->kind == KIND_LIST || info->kind == KIND_SLIDER || info->kind == KIND_NUMBER;
  if (event->n_clicks == 2 && has_default) {
    edits->scene->user.pressed = CONTROL_NONE;
    edits_reset(edits, control);
    return;
  }
  if (info->param < N_PARAMS) {
    pointer->value = edits->scene->values[info->param];
  }
  switch (info->kind) {
    case KIND_LIST:
      popup_open(edits, control);
      break;
    case KIND_SEGMENTS: {
      const uint32_t n = params_info(info->param)->n_labels;
      edits_set_once(edits, info->param, layout_segment_at(control, n, event->x));
      break;
    }
    case KIND_SLIDER:
      press_slider(pointer, edits, control, event);
      break;
    default: // what switches and buttons do comes with the release
      break;
  }
}

void
pointer_press(Pointer* const           pointer,
              Edits* const             edits,
              const WindowEvent* const event)
{
  Interaction* const user = &edits->scene->user;
  pointer_hide_tooltip(pointer, edits);
  if (event->button != LEFT_BUTTON) {
    return;
  }
  pointer->x        = event->x;
  pointer->y        = event->y;
  pointer->distance = 0.0;
  user->shows_focus = false;
  if (user->list != CONTROL_NONE) {
    press_on_list(edits, event);
    return;
  }
  if (user->entry != CONTROL_NONE && !entry_commit(edits)) {
    entry_cancel(edits);
  }
  const Control control = layout_at(event->x, event->y);
  if (control < N_CONTROLS && edits_are_possible(edits->scene, control)) {
    user->focus   = control;
    user->pressed = control;
    press_control(pointer, edits, control, event);
  }
}

/* Moving */

/// Move a slider with the pointer, or a number up and down
static void
drag(Pointer* const pointer, Edits* const edits, const WindowEvent* const event)
{
  const Control            control = edits->scene->user.pressed;
  const ControlInfo* const info    = control_info(control);
  const double             dx      = event->x - pointer->x;
  const double             dy      = pointer->y - event->y;
  const bool               fine    = event->modifiers & WINDOW_SHIFT;
  if (!control_takes_digits(control)) {
    return;
  }
  const bool   is_slid = info->kind == KIND_SLIDER && edits->held != N_PARAMS;
  const double range   = scene_param(edits->scene, info->param)->max -
                       scene_param(edits->scene, info->param)->min;
  const double scale = fine ? info->fine_step / info->step : 1.0;
  if (is_slid) {
    pointer->value += dx / layout_track(control).width * range * scale;
  } else if (info->kind == KIND_NUMBER && pointer->distance > CLICK_DISTANCE) {
    if (edits->held == N_PARAMS) {
      edits_begin(edits, info->param);
    }
    pointer->value += dy / UNITS_PER_STEP * info->step * scale;
  }
  set_dragged(edits, control, pointer->value, fine);
}

static void
hover(Pointer* const           pointer,
      Edits* const             edits,
      const WindowEvent* const event,
      const uint64_t           now_ms)
{
  Interaction* const user    = &edits->scene->user;
  const Control      control = layout_at(event->x, event->y);
  if (control != user->hover) {
    pointer->may_rest = true;
    user->tooltip     = CONTROL_NONE;
  }
  pointer->resting_ms = now_ms;
  user->hover         = control;
  user->hover_part    = 0;
  if (control < N_CONTROLS && control_info(control)->kind == KIND_SEGMENTS) {
    const uint32_t n = params_info(control_info(control)->param)->n_labels;
    user->hover_part = layout_segment_at(control, n, event->x);
  }
}

void
pointer_move(Pointer* const           pointer,
             Edits* const             edits,
             const WindowEvent* const event,
             const uint64_t           now_ms)
{
  Interaction* const user = &edits->scene->user;
  pointer->distance += fabs(event->x - pointer->x) + fabs(event->y - pointer->y);
  if (user->list != CONTROL_NONE) {
    const int32_t row = popup_row_at(edits->scene, event->x, event->y);
    if (row >= 0) {
      user->list_row = (uint32_t)row;
    }
  } else if (user->pressed != CONTROL_NONE) {
    drag(pointer, edits, event);
  }
  hover(pointer, edits, event, now_ms);
  pointer->x = event->x;
  pointer->y = event->y;
}

void
pointer_release(Pointer* const           pointer,
                Edits* const             edits,
                const WindowEvent* const event)
{
  Interaction* const user    = &edits->scene->user;
  const Control      control = user->pressed;
  if (event->button != LEFT_BUTTON || control == CONTROL_NONE) {
    return;
  }
  const bool is_click = pointer->distance <= CLICK_DISTANCE;
  const bool was_held = edits->held != N_PARAMS;
  user->pressed       = CONTROL_NONE;
  edits_end(edits);
  if (user->list != CONTROL_NONE) {
    // Pressed, moved to a row, and released there
    const int32_t row = popup_row_at(edits->scene, event->x, event->y);
    if (row >= 0 && !is_click) {
      popup_choose(edits, (uint32_t)row);
    }
  } else if (control_takes_digits(control)) {
    if (is_click && !was_held) {
      entry_open(edits, control);
    }
  } else if (layout_at(event->x, event->y) == control) {
    edits_press(edits, control);
  }
}

/* The wheel */

void
pointer_scroll(Pointer* const           pointer,
               Edits* const             edits,
               const WindowEvent* const event)
{
  Interaction* const user    = &edits->scene->user;
  const Control      control = layout_at(event->x, event->y);
  pointer_hide_tooltip(pointer, edits);
  if (user->pressed != CONTROL_NONE && user->list == CONTROL_NONE) {
    return;
  }
  if (control != pointer->wheel_on) {
    pointer->wheel_on = control;
    pointer->wheel    = 0.0;
  }
  pointer->wheel += event->steps;
  const double n_steps = trunc(pointer->wheel);
  pointer->wheel -= n_steps;
  if (fabs(n_steps) < 1.0) {
    return;
  }
  if (user->list != CONTROL_NONE) {
    popup_scroll(edits, -n_steps * ROWS_PER_STEP);
    return;
  }
  if (user->entry != CONTROL_NONE && !entry_commit(edits)) {
    entry_cancel(edits);
  }
  if (control >= N_CONTROLS) {
    return;
  }
  const ControlKind kind = control_info(control)->kind;
  if (kind == KIND_LIST || kind == KIND_SEGMENTS) { // whose first entry is on top
    edits_step(edits, control, -n_steps, false);
  } else if (control_takes_digits(control)) {
    edits_step(edits, control, n_steps, event->modifiers & WINDOW_SHIFT);
  }
}

/* Resting */

void
pointer_leave(Pointer* const pointer, Edits* const edits)
{
  edits->scene->user.hover = CONTROL_NONE;
  pointer_hide_tooltip(pointer, edits);
}

void
pointer_tick(const Pointer* const pointer, Edits* const edits, const uint64_t now_ms)
{
  Interaction* const user = &edits->scene->user;
  const bool is_busy = user->pressed != CONTROL_NONE || user->list != CONTROL_NONE ||
                       user->entry != CONTROL_NONE || edits->scene->is_drag_over;
  const bool is_time = now_ms >= pointer->resting_ms + TOOLTIP_DELAY_MS;
  if (!is_busy && pointer->may_rest && is_time && user->hover != CONTROL_NONE) {
    user->tooltip = user->hover;
  }
}
