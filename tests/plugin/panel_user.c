/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "panel_user.h"

#include "check.h"
#include "scenes.h"

#include "editor/layout.h"

#include <math.h>
#include <stdio.h>

/// Record a step, which has to be in order
static void
record(User* const user, const Record step)
{
  CHECK(step.param < N_PARAMS && !params_info(step.param)->read_only);
  CHECK(step.kind == RECORD_BEGIN ? user->held == N_PARAMS : user->held == step.param);
  user->held = step.kind == RECORD_END ? N_PARAMS : step.param;
  if (user->n_records < MAX_RECORDS) {
    user->records[user->n_records++] = step;
  }
}

static void
begin_edit(void* const handle, const ParamIndex param)
{
  record((User*)handle, (Record){RECORD_BEGIN, param, 0.0});
}

static void
set_value(void* const handle, const ParamIndex param, const double plain)
{
  User* const      user = (User*)handle;
  const ParamInfo* info =
    param == PARAM_TARGET ? &user->scene.target : params_info(param);
  CHECK(fabs(params_round(info, plain) - plain) < 1e-12);
  CHECK(fabs(user->scene.values[param] - plain) < 1e-12);
  record(user, (Record){RECORD_SET, param, plain});
}

static void
end_edit(void* const handle, const ParamIndex param)
{
  record((User*)handle, (Record){RECORD_END, param, 0.0});
}

static void
choose_file(void* const handle)
{
  ++((User*)handle)->n_dialogs;
}

static void
use_file(void* const handle, const char* const path)
{
  User* const user = (User*)handle;
  snprintf(user->path, sizeof(user->path), "%s", path);
}

void
user_start(User* const user)
{
  const PanelActions actions = {
    user, begin_edit, set_value, end_edit, choose_file, use_file};
  *user = (User){.held = N_PARAMS, .now_ms = 1000};
  scene_without_song(&user->scene);
  user->scene.values[PARAM_BEAT_SOURCE] = BEATS_FIXED; // so that the tempo can be set
  user->panel                           = panel_new(&user->scene, &actions);
}

void
user_forget(User* const user)
{
  user->n_records = 0;
}

static void
send(User* const user, const WindowEvent event)
{
  panel_handle(&user->panel, &event, user->now_ms);
}

void
user_press(User* const    user,
           const double   x,
           const double   y,
           const uint32_t n_clicks,
           const uint32_t modifiers)
{
  send(user,
       (WindowEvent){.kind      = WINDOW_PRESS,
                     .x         = x,
                     .y         = y,
                     .button    = 1,
                     .n_clicks  = n_clicks,
                     .modifiers = modifiers});
}

void
user_move(User* const user, const double x, const double y, const uint32_t modifiers)
{
  send(user,
       (WindowEvent){.kind = WINDOW_MOVE, .x = x, .y = y, .modifiers = modifiers});
}

void
user_release(User* const user, const double x, const double y)
{
  send(user, (WindowEvent){.kind = WINDOW_RELEASE, .x = x, .y = y, .button = 1});
}

void
user_click(User* const user, const Control control)
{
  const Box box = layout_box(control);
  user_press(user, box.x + box.width / 2.0, box.y + box.height / 2.0, 1, 0);
  user_release(user, box.x + box.width / 2.0, box.y + box.height / 2.0);
}

void
user_scroll(User* const    user,
            const Control  control,
            const double   steps,
            const uint32_t modifiers)
{
  const Box box = layout_box(control);
  send(user,
       (WindowEvent){.kind      = WINDOW_SCROLL,
                     .x         = box.x + box.width / 2.0,
                     .y         = box.y + box.height / 2.0,
                     .steps     = steps,
                     .modifiers = modifiers});
}

void
user_key(User* const user, const WindowKey key, const uint32_t modifiers)
{
  send(user, (WindowEvent){.kind = WINDOW_KEY, .key = key, .modifiers = modifiers});
}

void
user_type(User* const user, const char* text)
{
  for (; *text; ++text) {
    send(user, (WindowEvent){.kind = WINDOW_TEXT, .character = (unsigned char)*text});
  }
}
