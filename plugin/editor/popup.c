/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/popup.h"

#include <ctype.h>
#include <math.h>

/// Return the parameter of the open list
static const ParamInfo*
param_of(const Scene* const scene)
{
  return scene_param(scene, control_info(scene->user.list)->param);
}

ListLayout
popup_layout(const Scene* const scene)
{
  return layout_list(scene->user.list, param_of(scene)->n_labels);
}

/// Move what is visible, within the list
static void
show_from(Edits* const edits, const double first)
{
  const ListLayout list = popup_layout(edits->scene);
  const double     last = param_of(edits->scene)->n_labels - (double)list.n_visible;
  edits->scene->user.list_first = (uint32_t)fmax(0.0, fmin(first, last));
}

/// Have a row as the one that Enter chooses, and in view
static void
go_to(Edits* const edits, const double row)
{
  Interaction* const user = &edits->scene->user;
  const ListLayout   list = popup_layout(edits->scene);
  const double       last = param_of(edits->scene)->n_labels - 1.0;
  user->list_row          = (uint32_t)fmax(0.0, fmin(row, last));
  if (user->list_row < user->list_first) {
    show_from(edits, user->list_row);
  } else if (user->list_row >= user->list_first + list.n_visible) {
    show_from(edits, user->list_row + 1.0 - list.n_visible);
  }
}

void
popup_open(Edits* const edits, const Control control)
{
  Interaction* const user  = &edits->scene->user;
  const double       value = edits->scene->values[control_info(control)->param];
  user->list               = control;
  user->tooltip            = CONTROL_NONE;
  show_from(edits, value - floor(LAYOUT_MAX_ROWS / 2.0));
  go_to(edits, value);
}

void
popup_close(Edits* const edits)
{
  edits->scene->user.list = CONTROL_NONE;
}

void
popup_choose(Edits* const edits, const uint32_t row)
{
  const ParamIndex param = control_info(edits->scene->user.list)->param;
  popup_close(edits);
  edits_set_once(edits, param, row);
}

int32_t
popup_row_at(const Scene* const scene, const double x, const double y)
{
  const ListLayout list  = popup_layout(scene);
  const int32_t    index = layout_list_at(&list, x, y);
  return index < 0 ? -1 : index + (int32_t)scene->user.list_first;
}

void
popup_scroll(Edits* const edits, const double n_rows)
{
  show_from(edits, edits->scene->user.list_first + n_rows);
}

void
popup_key(Edits* const edits, const WindowKey key)
{
  const double row  = edits->scene->user.list_row;
  const double page = control_info(edits->scene->user.list)->page;
  switch (key) {
    case WINDOW_KEY_UP:
    case WINDOW_KEY_LEFT:
      go_to(edits, row - 1.0);
      break;
    case WINDOW_KEY_DOWN:
    case WINDOW_KEY_RIGHT:
      go_to(edits, row + 1.0);
      break;
    case WINDOW_KEY_PAGE_UP:
      go_to(edits, row - page);
      break;
    case WINDOW_KEY_PAGE_DOWN:
      go_to(edits, row + page);
      break;
    case WINDOW_KEY_HOME:
      go_to(edits, 0.0);
      break;
    case WINDOW_KEY_END:
      go_to(edits, param_of(edits->scene)->n_labels);
      break;
    case WINDOW_KEY_ENTER:
      popup_choose(edits, edits->scene->user.list_row);
      break;
    case WINDOW_KEY_ESCAPE:
    case WINDOW_KEY_TAB:
      popup_close(edits);
      break;
    default:
      break;
  }
}

void
popup_type(Edits* const edits, const uint32_t character)
{
  const uint32_t     n      = param_of(edits->scene)->n_labels;
  const char* const* labels = param_of(edits->scene)->labels;
  const uint32_t     row    = edits->scene->user.list_row;
  if (character == ' ') {
    popup_choose(edits, row);
    return;
  }
  for (uint32_t i = 1; i <= n && character < 128; ++i) {
    const char first = params_label(labels, (row + i) % n)[0];
    if (tolower((unsigned char)first) == tolower((int)character)) {
      go_to(edits, (row + i) % n);
      return;
    }
  }
}
