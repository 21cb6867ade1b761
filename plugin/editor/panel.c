/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/panel.h"

#include "editor/entry.h"
#include "editor/keys.h"
#include "editor/popup.h"

/// Return a user who touches nothing
static Interaction
untouched(void)
{
  return (Interaction){.focus   = CONTROL_NONE,
                       .hover   = CONTROL_NONE,
                       .pressed = CONTROL_NONE,
                       .list    = CONTROL_NONE,
                       .entry   = CONTROL_NONE,
                       .tooltip = CONTROL_NONE};
}

Panel
panel_new(Scene* const scene, const PanelActions* const actions)
{
  scene->user         = untouched();
  scene->is_drag_over = false;
  return (Panel){.edits = {scene, *actions, N_PARAMS}, .pointer = pointer_new()};
}

/// Take what is dragged over the window, dropped on it, or chosen in a dialog
static void
take_file(Panel* const panel, const WindowEvent* const event)
{
  const PanelActions* const actions = &panel->edits.actions;
  panel->edits.scene->is_drag_over  = event->kind == WINDOW_DRAG;
  pointer_hide_tooltip(&panel->pointer, &panel->edits);
  if (event->path && (event->kind == WINDOW_DROP || event->kind == WINDOW_CHOSEN)) {
    actions->use_file(actions->handle, event->path);
  }
}

/// Take that keys go elsewhere
static void
blur(Panel* const panel)
{
  Interaction* const user = &panel->edits.scene->user;
  if (user->entry != CONTROL_NONE && !entry_commit(&panel->edits)) {
    entry_cancel(&panel->edits);
  }
  popup_close(&panel->edits);
  user->shows_focus = false;
}

void
panel_handle(Panel* const panel, const WindowEvent* const event, const uint64_t now_ms)
{
  Pointer* const pointer = &panel->pointer;
  Edits* const   edits   = &panel->edits;
  switch (event->kind) {
    case WINDOW_PRESS:
      pointer_press(pointer, edits, event);
      break;
    case WINDOW_RELEASE:
      pointer_release(pointer, edits, event);
      break;
    case WINDOW_MOVE:
      pointer_move(pointer, edits, event, now_ms);
      break;
    case WINDOW_LEAVE:
      pointer_leave(pointer, edits);
      break;
    case WINDOW_SCROLL:
      pointer_scroll(pointer, edits, event);
      break;
    case WINDOW_KEY:
      pointer_hide_tooltip(pointer, edits);
      keys_press(edits, event);
      break;
    case WINDOW_TEXT:
      pointer_hide_tooltip(pointer, edits);
      keys_type(edits, event->character);
      break;
    case WINDOW_BLUR:
      blur(panel);
      break;
    case WINDOW_DRAG:
    case WINDOW_DRAG_LEAVE:
    case WINDOW_DROP:
    case WINDOW_CHOSEN:
      take_file(panel, event);
      break;
    default:
      break;
  }
}

void
panel_tick(Panel* const panel, const uint64_t now_ms)
{
  pointer_tick(&panel->pointer, &panel->edits, now_ms);
}

void
panel_release(Panel* const panel)
{
  edits_end(&panel->edits);
  panel->edits.scene->user         = untouched();
  panel->edits.scene->is_drag_over = false;
}
