/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/keys.h"

#include "editor/entry.h"
#include "editor/popup.h"

#include <stdbool.h>

/// Give the focus to the next control in a direction that can be used
static void
move_focus(Edits* const edits, const bool backwards)
{
  Interaction* const user = &edits->scene->user;
  const unsigned     step = backwards ? N_CONTROLS - 1 : 1;
  unsigned           next = user->focus;
  if (user->focus >= N_CONTROLS) {
    next = backwards ? 0 : N_CONTROLS - 1;
  }
  do {
    next = (next + step) % N_CONTROLS;
  } while (!edits_are_possible(edits->scene, (Control)next));
  user->focus = (Control)next;
}

/// Do what Enter or the space bar does
static void
activate(Edits* const edits, const Control control)
{
  const ControlInfo* const info = control_info(control);
  switch (info->kind) {
    case KIND_LIST:
      popup_open(edits, control);
      break;
    case KIND_SEGMENTS: {
      const double value = edits->scene->values[info->param];
      const double max   = scene_param(edits->scene, info->param)->max;
      edits_set_once(edits, info->param, value < max ? value + 1.0 : 0.0);
      break;
    }
    case KIND_SLIDER:
    case KIND_NUMBER:
      entry_open(edits, control);
      break;
    default:
      edits_press(edits, control);
  }
}

/// Return whether the first entry of a control comes first for the eye, so that up and
/// left lead to it
static bool
counts_downwards(const ControlKind kind)
{
  return kind == KIND_LIST || kind == KIND_SEGMENTS;
}

/// Change the value of a control by a key
static void
change(Edits* const edits, const Control control, const WindowEvent* const event)
{
  const ControlInfo* const info = control_info(control);
  if (info->param == N_PARAMS) {
    return;
  }
  const ParamInfo* const param = scene_param(edits->scene, info->param);
  const bool             fine  = event->modifiers & WINDOW_SHIFT;
  const double           up    = counts_downwards(info->kind) ? -1.0 : 1.0;
  const double           pages = info->page / info->step;
  switch (event->key) {
    case WINDOW_KEY_UP:
      edits_step(edits, control, up, fine);
      break;
    case WINDOW_KEY_DOWN:
      edits_step(edits, control, -up, fine);
      break;
    case WINDOW_KEY_LEFT:
      edits_step(edits, control, -1.0, fine);
      break;
    case WINDOW_KEY_RIGHT:
      edits_step(edits, control, 1.0, fine);
      break;
    case WINDOW_KEY_PAGE_UP:
      edits_step(edits, control, up * pages, false);
      break;
    case WINDOW_KEY_PAGE_DOWN:
      edits_step(edits, control, -up * pages, false);
      break;
    case WINDOW_KEY_HOME:
      edits_set_once(edits, info->param, param->min);
      break;
    case WINDOW_KEY_END:
      edits_set_once(edits, info->param, param->max);
      break;
    default:
      break;
  }
}

/// Take a key while a number is typed; return false if it is not for that
static bool
press_in_entry(Edits* const edits, const WindowKey key)
{
  if (key == WINDOW_KEY_ENTER) {
    (void)entry_commit(edits);
    return true;
  }
  if (key == WINDOW_KEY_ESCAPE) {
    entry_cancel(edits);
    return true;
  }
  if (entry_key(edits, key)) {
    return true;
  }
  if (!entry_commit(edits)) { // the key leads elsewhere
    entry_cancel(edits);
  }
  return false;
}

void
keys_press(Edits* const edits, const WindowEvent* const event)
{
  Interaction* const user = &edits->scene->user;
  user->tooltip           = CONTROL_NONE;
  if (user->list != CONTROL_NONE) {
    popup_key(edits, event->key);
    return;
  }
  if (user->entry != CONTROL_NONE && press_in_entry(edits, event->key)) {
    return;
  }
  user->shows_focus = event->key != WINDOW_KEY_ESCAPE;
  if (event->key == WINDOW_KEY_TAB) {
    move_focus(edits, event->modifiers & WINDOW_SHIFT);
  } else if (user->focus < N_CONTROLS &&
             edits_are_possible(edits->scene, user->focus)) {
    if (event->key == WINDOW_KEY_ENTER) {
      activate(edits, user->focus);
    } else {
      change(edits, user->focus, event);
    }
  }
}

void
keys_type(Edits* const edits, const uint32_t character)
{
  Interaction* const user = &edits->scene->user;
  user->tooltip           = CONTROL_NONE;
  if (user->list != CONTROL_NONE) {
    popup_type(edits, character);
    return;
  }
  if (user->entry != CONTROL_NONE) {
    entry_type(edits, character);
    return;
  }
  user->shows_focus = true;
  if (user->focus >= N_CONTROLS || !edits_are_possible(edits->scene, user->focus)) {
    return;
  }
  if (character == ' ') {
    activate(edits, user->focus);
  } else if (control_takes_digits(user->focus) && character >= '0' &&
             character <= '9') {
    entry_open(edits, user->focus);
    entry_type(edits, character);
  }
}
