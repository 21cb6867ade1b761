/* SPDX-License-Identifier: GPL-3.0-or-later

   Somebody at the controls, and a record of what they did to the parameters. */

#pragma once

#include "editor/panel.h"

#include <stdint.h>

enum { MAX_RECORDS = 256 };

/// What a gesture consists of
typedef enum { RECORD_BEGIN, RECORD_SET, RECORD_END } RecordKind;

/// One step of it
typedef struct {
  RecordKind kind;
  ParamIndex param;
  double     plain;
} Record;

/// Controls, without an instance or a window
typedef struct {
  Scene      scene;
  Panel      panel;
  uint64_t   now_ms;
  Record     records[MAX_RECORDS];
  uint32_t   n_records;
  ParamIndex held; ///< By a gesture, or `N_PARAMS`
  uint32_t   n_dialogs;
  char       path[64]; ///< Of the last file
} User;

/// Begin with the scene of a window that is ready, without a song
void
user_start(User* user);

/// Forget what was recorded
void
user_forget(User* user);

/// Press the button of the mouse, for the first or second time
void
user_press(User* user, double x, double y, uint32_t n_clicks, uint32_t modifiers);

/// Move the mouse
void
user_move(User* user, double x, double y, uint32_t modifiers);

/// Let go of the button
void
user_release(User* user, double x, double y);

/// Press and let go in the middle of a control
void
user_click(User* user, Control control);

/// Turn the wheel over the middle of a control
void
user_scroll(User* user, Control control, double steps, uint32_t modifiers);

/// Press a key
void
user_key(User* user, WindowKey key, uint32_t modifiers);

/// Type text
void
user_type(User* user, const char* text);
