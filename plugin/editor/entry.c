/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/entry.h"

#include <string.h>

void
entry_open(Edits* const edits, const Control control)
{
  Interaction* const user  = &edits->scene->user;
  const ParamIndex   param = control_info(control)->param;
  user->entry              = control;
  user->entry_is_all       = true;
  user->entry_is_bad       = false;
  params_to_text(scene_param(edits->scene, param),
                 edits->scene->values[param],
                 user->text,
                 sizeof(user->text));
}

bool
entry_commit(Edits* const edits)
{
  Interaction* const user  = &edits->scene->user;
  const ParamIndex   param = control_info(user->entry)->param;
  double             plain = 0.0;
  if (!params_from_text(scene_param(edits->scene, param), user->text, &plain)) {
    user->entry_is_bad = true;
    return false;
  }
  if (!user->entry_is_all) { // else nothing was typed: the text is rounded
    edits_set_once(edits, param, plain);
  }
  entry_cancel(edits);
  return true;
}

void
entry_cancel(Edits* const edits)
{
  edits->scene->user.entry        = CONTROL_NONE;
  edits->scene->user.entry_is_bad = false;
}

void
entry_type(Edits* const edits, const uint32_t character)
{
  Interaction* const user     = &edits->scene->user;
  const bool         is_digit = character >= '0' && character <= '9';
  if (!is_digit && character != '.' && character != ',') {
    return;
  }
  if (user->entry_is_all) {
    user->text[0] = '\0';
  }
  user->entry_is_all  = false;
  user->entry_is_bad  = false;
  const size_t length = strlen(user->text);
  if (length + 1 < sizeof(user->text)) {
    user->text[length]     = (char)character;
    user->text[length + 1] = '\0';
  }
}

bool
entry_key(Edits* const edits, const WindowKey key)
{
  Interaction* const user   = &edits->scene->user;
  const size_t       length = strlen(user->text);
  switch (key) {
    case WINDOW_KEY_BACKSPACE:
    case WINDOW_KEY_DELETE:
      user->text[user->entry_is_all || !length ? 0 : length - 1] = '\0';
      break;
    case WINDOW_KEY_LEFT:
    case WINDOW_KEY_RIGHT:
    case WINDOW_KEY_HOME:
    case WINDOW_KEY_END:
      break;
    default:
      return false;
  }
  user->entry_is_all = false;
  user->entry_is_bad = false;
  return true;
}
