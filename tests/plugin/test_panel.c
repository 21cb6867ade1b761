/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"
#include "panel_user.h"

#include "editor/layout.h"
#include "editor/popup.h"
#include "editor/tooltip.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static User user;

static bool
is_near(const double one, const double other)
{
  return fabs(one - other) < 1e-9;
}

/// Check that exactly one gesture was made, which set a parameter to a value at last
static void
check_gesture(const ParamIndex param, const double plain)
{
  CHECK(user.n_records >= 3);
  CHECK(user.records[0].kind == RECORD_BEGIN);
  CHECK(user.records[user.n_records - 1].kind == RECORD_END);
  for (uint32_t i = 0; i < user.n_records; ++i) {
    CHECK(user.records[i].param == param);
    CHECK(i == 0 || i + 1 == user.n_records || user.records[i].kind == RECORD_SET);
  }
  CHECK(is_near(user.records[user.n_records - 2].plain, plain));
  CHECK(is_near(user.scene.values[param], plain));
}

/// Return the control of a parameter
static Control
control_of(const ParamIndex param)
{
  for (unsigned i = 0; i < N_CONTROLS; ++i) {
    if (control_info((Control)i)->param == param) {
      return (Control)i;
    }
  }
  return CONTROL_NONE;
}

static double
value_of(const Control control)
{
  return user.scene.values[control_info(control)->param];
}

/* Every parameter */

/// Change the value of a control with the mouse alone
static void
change_by_mouse(const Control control)
{
  const Box box = layout_box(control);
  switch (control_info(control)->kind) {
    case KIND_LIST: {
      user_click(&user, control);
      CHECK(user.scene.user.list == control && user.n_records == 0);
      const ListLayout list = popup_layout(&user.scene);
      const uint32_t   row =
        value_of(control) > 0.0 ? 0 : 1; // of those visible, which begin at 0 here
      const Box box_of_row = layout_list_row(&list, row);
      user_press(&user, box_of_row.x + 5.0, box_of_row.y + 5.0, 1, 0);
      user_release(&user, box_of_row.x + 5.0, box_of_row.y + 5.0);
      CHECK(user.scene.user.list == CONTROL_NONE);
      break;
    }
    case KIND_SEGMENTS: {
      const Box segment = layout_segment(control, 1, 2);
      user_press(&user, segment.x + 5.0, segment.y + 5.0, 1, 0);
      user_release(&user, segment.x + 5.0, segment.y + 5.0);
      break;
    }
    case KIND_NUMBER:
      user_press(&user, box.x + 20.0, box.y + 10.0, 1, 0);
      user_move(&user, box.x + 20.0, box.y - 20.0, 0);
      user_release(&user, box.x + 20.0, box.y - 20.0);
      break;
    default: // a slider a third along, or a button
      user_press(&user, box.x + box.width / 3.0, box.y + box.height - 5.0, 1, 0);
      user_release(&user, box.x + box.width / 3.0, box.y + box.height - 5.0);
  }
}

static void
test_mouse_reaches_every_parameter(void)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamIndex param = (ParamIndex)i;
    user_start(&user);
    user.scene.target.n_labels = 7; // all are visible
    const double before        = user.scene.values[param];
    if (params_info(param)->read_only) {
      CHECK(control_of(param) == CONTROL_NONE);
      continue;
    }
    const Control control = control_of(param);
    CHECK(control != CONTROL_NONE);
    change_by_mouse(control);
    CHECK(!is_near(user.scene.values[param], before));
    check_gesture(param, user.scene.values[param]);
  }
}

/// Give a control the focus by Tab alone
static void
tab_to(const Control control)
{
  for (unsigned i = 0; i < N_CONTROLS && user.scene.user.focus != control; ++i) {
    user_key(&user, WINDOW_KEY_TAB, 0);
  }
  CHECK(user.scene.user.focus == control && user.scene.user.shows_focus);
}

static void
test_keys_reach_every_parameter(void)
{
  static const WindowKey keys[] = {WINDOW_KEY_UP,
                                   WINDOW_KEY_DOWN,
                                   WINDOW_KEY_LEFT,
                                   WINDOW_KEY_RIGHT,
                                   WINDOW_KEY_HOME,
                                   WINDOW_KEY_END};
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamIndex param   = (ParamIndex)i;
    const Control    control = control_of(param);
    if (params_info(param)->read_only) {
      continue;
    }
    user_start(&user);
    tab_to(control);
    CHECK(user.n_records == 0);
    const ParamInfo* const info = scene_param(&user.scene, param);
    // Both ends can be reached, and so can every step between
    for (unsigned j = 0; j < sizeof(keys) / sizeof(keys[0]); ++j) {
      const double before = user.scene.values[param];
      user_forget(&user);
      user_key(&user, keys[j], 0);
      const double after = user.scene.values[param];
      if (keys[j] == WINDOW_KEY_HOME) {
        CHECK(is_near(after, info->min));
      } else if (keys[j] == WINDOW_KEY_END) {
        CHECK(is_near(after, info->max));
      } else {
        CHECK(fabs(after - before) < 1.0 + 1e-9);
      }
      if (!is_near(before, after)) {
        check_gesture(param, after);
      } else {
        CHECK(user.n_records == 0);
      }
    }
    user_key(&user, WINDOW_KEY_HOME, 0);
    for (double value = info->min; value < info->max - 0.5; value += 1.0) {
      CHECK(is_near(user.scene.values[param], value));
      user_key(&user, WINDOW_KEY_RIGHT, 0);
    }
    CHECK(is_near(user.scene.values[param], info->max));
  }
}

static void
test_space_and_enter_do_what_a_click_does(void)
{
  for (unsigned i = 0; i < N_CONTROLS; ++i) {
    const Control control = (Control)i;
    for (int by_space = 0; by_space < 2; ++by_space) {
      user_start(&user);
      tab_to(control);
      if (by_space) {
        user_type(&user, " ");
      } else {
        user_key(&user, WINDOW_KEY_ENTER, 0);
      }
      const ControlKind kind = control_info(control)->kind;
      CHECK((user.scene.user.list == control) == (kind == KIND_LIST));
      CHECK((user.scene.user.entry == control) == control_takes_digits(control));
      if (kind == KIND_SWITCH || kind == KIND_SEGMENTS) {
        CHECK(is_near(value_of(control), 1.0));
      }
      CHECK(user.n_dialogs == (control == CONTROL_OPEN));
    }
  }
}

static void
test_wheel_steps(void)
{
  for (unsigned i = 0; i < N_CONTROLS; ++i) {
    const Control            control = (Control)i;
    const ControlInfo* const info    = control_info(control);
    if (info->param == N_PARAMS) {
      continue;
    }
    user_start(&user);
    if (control == CONTROL_BEAT_SOURCE) {
      user.scene.values[PARAM_BEAT_SOURCE] = BEATS_HOST; // the first, as of other lists
    }
    const bool   is_list   = info->kind == KIND_LIST || info->kind == KIND_SEGMENTS;
    const bool   is_number = control_takes_digits(control);
    const double before    = value_of(control);
    user_scroll(&user, control, -1.0, 0);
    const double change = value_of(control) - before;
    CHECK(is_near(change, is_list ? 1.0 : is_number ? -1.0 : 0.0));
    user_scroll(&user, control, 0.5, WINDOW_SHIFT); // half a step does nothing yet
    CHECK(is_near(value_of(control), before + change));
    user_scroll(&user, control, 0.5, WINDOW_SHIFT);
    CHECK(is_near(value_of(control), is_number ? before - 0.9 : before));
  }
}

/// Where the tempo in use is shown, that of the parameter does not change unseen
static void
test_a_tempo_that_is_not_shown_stays(void)
{
  for (unsigned source = BEATS_HOST; source <= BEATS_DETECT; ++source) {
    user_start(&user);
    user_click(&user, CONTROL_TEMPO); // which takes the focus while it is possible
    user_key(&user, WINDOW_KEY_ESCAPE, 0);
    user.scene.values[PARAM_BEAT_SOURCE] = source;
    user_forget(&user);
    user_scroll(&user, CONTROL_TEMPO, 1.0, 0);
    user_key(&user, WINDOW_KEY_UP, 0);
    user_key(&user, WINDOW_KEY_HOME, 0);
    user_key(&user, WINDOW_KEY_ENTER, 0);
    user_type(&user, "99");
    user_key(&user, WINDOW_KEY_ENTER, 0);
    user_click(&user, CONTROL_TEMPO);
    CHECK(user.n_records == 0 && user.scene.user.entry == CONTROL_NONE);
    for (unsigned i = 0; i < N_CONTROLS; ++i) {
      user_key(&user, WINDOW_KEY_TAB, 0);
      CHECK(user.scene.user.focus != CONTROL_TEMPO);
    }
  }
}

static void
test_double_click_gives_the_default(void)
{
  static const Control controls[] = {CONTROL_TARGET,
                                     CONTROL_AMOUNT,
                                     CONTROL_SENSITIVITY,
                                     CONTROL_CLIP,
                                     CONTROL_QUALITY,
                                     CONTROL_BEAT_SOURCE,
                                     CONTROL_TEMPO};
  for (unsigned i = 0; i < sizeof(controls) / sizeof(controls[0]); ++i) {
    const Control    control = controls[i];
    const ParamIndex param   = control_info(control)->param;
    const Box        box     = layout_box(control);
    user_start(&user);
    user.scene.values[param] = 1.0;
    user_click(&user, control);
    user_press(&user, box.x + box.width / 2.0, box.y + box.height / 2.0, 2, 0);
    user_release(&user, box.x + box.width / 2.0, box.y + box.height / 2.0);
    CHECK(is_near(user.scene.values[param], params_info(param)->default_value));
    CHECK(user.scene.user.list == CONTROL_NONE);
    CHECK(user.scene.user.entry == CONTROL_NONE);
    CHECK(user.held == N_PARAMS);
  }
}

/* Sliders and numbers */

static void
test_drag(void)
{
  const Box    track = layout_track(CONTROL_AMOUNT);
  const double y     = track.y + track.height / 2.0;
  user_start(&user);
  user_press(&user, track.x + track.width * 0.25, y, 1, 0);
  CHECK(is_near(value_of(CONTROL_AMOUNT), 25.0) && user.held == PARAM_AMOUNT);
  user_move(&user, track.x + track.width * 0.75, y + 300.0, 0);
  CHECK(is_near(value_of(CONTROL_AMOUNT), 75.0));
  // With Shift the handle moves a tenth as far, by tenths
  user_move(&user, track.x + track.width * 0.81, y, WINDOW_SHIFT);
  CHECK(is_near(value_of(CONTROL_AMOUNT), 75.6));
  // Beyond the end and back, the handle is where the pointer is
  user_move(&user, track.x + track.width * 1.81, y, 0);
  CHECK(is_near(value_of(CONTROL_AMOUNT), 100.0));
  user_move(&user, track.x + track.width * 0.81, y, 0);
  CHECK(is_near(value_of(CONTROL_AMOUNT), 76.0));
  user_release(&user, track.x + track.width * 0.81, y);
  check_gesture(PARAM_AMOUNT, 76.0);
  CHECK(user.scene.user.pressed == CONTROL_NONE && !user.scene.user.shows_focus);

  // With Shift from the start, the handle does not jump
  user_forget(&user);
  user_press(&user, track.x, y, 1, WINDOW_SHIFT);
  CHECK(is_near(value_of(CONTROL_AMOUNT), 76.0));
  user_release(&user, track.x, y);
  CHECK(user.n_records == 2);
}

static void
test_typed_numbers(void)
{
  user_start(&user);
  tab_to(CONTROL_TEMPO);
  user_type(&user, "98,5");
  CHECK(user.n_records == 0 && !strcmp(user.scene.user.text, "98,5"));
  user_key(&user, WINDOW_KEY_ENTER, 0);
  check_gesture(PARAM_TEMPO, 98.5);

  // Beyond the range is its end
  user_forget(&user);
  user_type(&user, "999x");
  CHECK(!strcmp(user.scene.user.text, "999"));
  user_key(&user, WINDOW_KEY_ENTER, 0);
  check_gesture(PARAM_TEMPO, 240.0);

  // Escape takes it back
  user_forget(&user);
  user_type(&user, "1");
  user_key(&user, WINDOW_KEY_ESCAPE, 0);
  CHECK(user.n_records == 0 && user.scene.user.entry == CONTROL_NONE);

  // What is no number stays, to be corrected
  user_type(&user, "1");
  user_key(&user, WINDOW_KEY_BACKSPACE, 0);
  user_key(&user, WINDOW_KEY_ENTER, 0);
  CHECK(user.scene.user.entry == CONTROL_TEMPO && user.scene.user.entry_is_bad);
  user_type(&user, "60");
  CHECK(!user.scene.user.entry_is_bad);
  user_key(&user, WINDOW_KEY_TAB, 0); // takes it, and goes on
  check_gesture(PARAM_TEMPO, 60.0);
  CHECK(user.scene.user.focus != CONTROL_TEMPO);

  // A click into the digits of a slider, and one elsewhere takes what was typed
  user_forget(&user);
  const Box digits = layout_digits(CONTROL_SENSITIVITY);
  user_press(&user, digits.x + 5.0, digits.y + 5.0, 1, 0);
  user_release(&user, digits.x + 5.0, digits.y + 5.0);
  CHECK(user.scene.user.entry == CONTROL_SENSITIVITY);
  CHECK(!strcmp(user.scene.user.text, "50.0"));
  user_type(&user, "7");
  user_key(&user, WINDOW_KEY_LEFT, 0);
  user_type(&user, "3.25");
  user_press(&user, 300.0, 100.0, 1, 0);
  check_gesture(PARAM_SENSITIVITY, 73.25);

  // Text that is too long is cut, not more
  user_forget(&user);
  tab_to(CONTROL_AMOUNT);
  user_type(&user, "00000000000000000000000012");
  CHECK(strlen(user.scene.user.text) == SCENE_ENTRY_SIZE - 1);
}

/* Lists */

static void
test_a_long_list(void)
{
  static const char* names[256];
  for (unsigned i = 0; i < 256; ++i) {
    names[i] = i == 200 ? "Zither" : "Bass";
  }
  user_start(&user);
  user.scene.target.labels   = names;
  user.scene.target.n_labels = 256;
  user.scene.target.max      = 255.0;

  user_click(&user, CONTROL_TARGET);
  user_key(&user, WINDOW_KEY_END, 0);
  CHECK(user.scene.user.list_row == 255);
  CHECK(user.scene.user.list_first == 256 - LAYOUT_MAX_ROWS);
  user_key(&user, WINDOW_KEY_HOME, 0);
  CHECK(user.scene.user.list_row == 0 && user.scene.user.list_first == 0);
  user_scroll(&user, AREA_SONG, -2.0, 0);
  CHECK(user.scene.user.list_first == 6 && user.scene.user.list_row == 0);
  user_scroll(&user, AREA_SONG, 99.0, 0);
  CHECK(user.scene.user.list_first == 0);
  user_type(&user, "z");
  CHECK(user.scene.user.list_row == 200);
  CHECK(user.scene.user.list_first <= 200 &&
        200 < user.scene.user.list_first + LAYOUT_MAX_ROWS);
  CHECK(user.n_records == 0);
  user_key(&user, WINDOW_KEY_ENTER, 0);
  check_gesture(PARAM_TARGET, 200.0);

  // The value is in view when the list opens, and every row chooses itself
  for (uint32_t value = 0; value < 256; value += 51) {
    user.scene.values[PARAM_TARGET] = value;
    user_click(&user, CONTROL_TARGET);
    const ListLayout list = popup_layout(&user.scene);
    CHECK(list.scrolls && list.n_visible == LAYOUT_MAX_ROWS);
    CHECK(user.scene.user.list_row == value);
    CHECK(user.scene.user.list_first <= value &&
          value < user.scene.user.list_first + list.n_visible);
    for (uint32_t i = 0; i < list.n_visible; ++i) {
      const Box row = layout_list_row(&list, i);
      CHECK(popup_row_at(&user.scene, row.x + 5.0, row.y + row.height / 2.0) ==
            (int32_t)(user.scene.user.list_first + i));
      CHECK(row.y + row.height <= LAYOUT_HEIGHT);
    }
    user_key(&user, WINDOW_KEY_ESCAPE, 0);
    CHECK(user.scene.user.list == CONTROL_NONE);
    CHECK(is_near(user.scene.values[PARAM_TARGET], value));
  }
}

static void
test_a_list_by_mouse(void)
{
  // Press, move to a row, release
  user_start(&user);
  const Box box = layout_box(CONTROL_QUALITY);
  user_press(&user, box.x + 10.0, box.y + 10.0, 1, 0);
  const ListLayout list = popup_layout(&user.scene);
  const Box        row  = layout_list_row(&list, 1);
  user_move(&user, row.x + 20.0, row.y + 10.0, 0);
  CHECK(user.scene.user.list_row == 1);
  user_release(&user, row.x + 20.0, row.y + 10.0);
  check_gesture(PARAM_QUALITY, 1.0);

  // A click elsewhere closes it and does nothing else
  user_forget(&user);
  user_click(&user, CONTROL_QUALITY);
  CHECK(user.scene.user.list == CONTROL_QUALITY);
  user_click(&user, CONTROL_BYPASS);
  CHECK(user.scene.user.list == CONTROL_NONE && user.n_records == 0);
}

/* Focus, references, tooltips, files */

static void
test_tab_order(void)
{
  user_start(&user);
  for (unsigned i = 0; i < 2 * N_CONTROLS; ++i) {
    user_key(&user, WINDOW_KEY_TAB, 0);
    CHECK(user.scene.user.focus == i % N_CONTROLS);
  }
  for (unsigned i = N_CONTROLS - 1; i-- > 0;) {
    user_key(&user, WINDOW_KEY_TAB, WINDOW_SHIFT);
    CHECK(user.scene.user.focus == i);
  }
  user_start(&user);
  user_key(&user, WINDOW_KEY_TAB, WINDOW_SHIFT);
  CHECK(user.scene.user.focus == N_CONTROLS - 1);

  // What cannot be used is left out
  user_start(&user);
  user.scene.target.n_labels = user.scene.learned_index + 1;
  for (unsigned i = 0; i < N_CONTROLS; ++i) {
    user_key(&user, WINDOW_KEY_TAB, 0);
    CHECK(user.scene.user.focus != CONTROL_PREVIOUS);
    CHECK(user.scene.user.focus != CONTROL_NEXT);
  }
  user_click(&user, CONTROL_NEXT);
  CHECK(user.n_records == 0);
}

static void
test_references_go_around(void)
{
  user_start(&user);
  const uint32_t first = user.scene.learned_index + 1;
  const uint32_t last  = user.scene.target.n_labels - 1;

  user.scene.values[PARAM_TARGET] = first;
  for (uint32_t target = first; target < last; ++target) {
    user_forget(&user);
    user_click(&user, CONTROL_NEXT);
    check_gesture(PARAM_TARGET, target + 1.0);
  }
  user_click(&user, CONTROL_NEXT);
  CHECK(is_near(user.scene.values[PARAM_TARGET], first));
  user_click(&user, CONTROL_PREVIOUS);
  CHECK(is_near(user.scene.values[PARAM_TARGET], last));

  for (uint32_t target = 0; target < first; ++target) { // built in, or learnt
    user.scene.values[PARAM_TARGET] = target;
    user_click(&user, CONTROL_NEXT);
    CHECK(is_near(user.scene.values[PARAM_TARGET], first));
    user.scene.values[PARAM_TARGET] = target;
    user_click(&user, CONTROL_PREVIOUS);
    CHECK(is_near(user.scene.values[PARAM_TARGET], last));
  }
}

static void
test_tooltips_come_to_those_who_wait(void)
{
  const Box box = layout_box(CONTROL_CLIP);
  user_start(&user);
  user_move(&user, box.x + 5.0, box.y + 5.0, 0);
  user.now_ms += TOOLTIP_DELAY_MS - 1;
  panel_tick(&user.panel, user.now_ms);
  CHECK(user.scene.user.tooltip == CONTROL_NONE);
  panel_tick(&user.panel, user.now_ms + 1);
  CHECK(user.scene.user.tooltip == CONTROL_CLIP);

  // A press hides it for good, until the pointer has been elsewhere
  user_press(&user, box.x + 5.0, box.y + 5.0, 1, 0);
  user_release(&user, box.x + 5.0, box.y + 5.0);
  user_key(&user, WINDOW_KEY_ESCAPE, 0);
  panel_tick(&user.panel, user.now_ms + 10000);
  CHECK(user.scene.user.tooltip == CONTROL_NONE);
  user_move(&user, 300.0, 240.0, 0);
  user_move(&user, box.x + 5.0, box.y + 5.0, 0);
  panel_tick(&user.panel, user.now_ms + 10000);
  CHECK(user.scene.user.tooltip == CONTROL_CLIP);
  panel_handle(&user.panel, &(WindowEvent){.kind = WINDOW_LEAVE}, user.now_ms);
  panel_tick(&user.panel, user.now_ms + 20000);
  CHECK(user.scene.user.tooltip == CONTROL_NONE);
}

static void
test_files(void)
{
  user_start(&user);
  panel_handle(&user.panel, &(WindowEvent){.kind = WINDOW_DRAG}, 0);
  CHECK(user.scene.is_drag_over);
  panel_handle(&user.panel, &(WindowEvent){.kind = WINDOW_DRAG_LEAVE}, 0);
  CHECK(!user.scene.is_drag_over);
  panel_handle(&user.panel, &(WindowEvent){.kind = WINDOW_DRAG}, 0);
  panel_handle(&user.panel, &(WindowEvent){.kind = WINDOW_DROP, .path = "/a.wav"}, 0);
  CHECK(!user.scene.is_drag_over && !strcmp(user.path, "/a.wav"));
  user_click(&user, CONTROL_OPEN);
  CHECK(user.n_dialogs == 1);
  panel_handle(&user.panel, &(WindowEvent){.kind = WINDOW_CHOSEN, .path = NULL}, 0);
  CHECK(!strcmp(user.path, "/a.wav"));
  panel_handle(&user.panel, &(WindowEvent){.kind = WINDOW_CHOSEN, .path = "/b"}, 0);
  CHECK(!strcmp(user.path, "/b") && user.n_records == 0);
}

static void
test_closing_lets_go(void)
{
  const Box track = layout_track(CONTROL_AMOUNT);
  user_start(&user);
  user_press(&user, track.x + 20.0, track.y + 5.0, 1, 0);
  CHECK(user.held == PARAM_AMOUNT);
  panel_release(&user.panel);
  CHECK(user.held == N_PARAMS);
  user_release(&user, track.x + 20.0, track.y + 5.0);
  user_move(&user, track.x + 50.0, track.y + 5.0, 0);
  check_gesture(PARAM_AMOUNT, user.scene.values[PARAM_AMOUNT]);
}

/// Whatever happens, gestures are in order and values are possible: `panel_user.c`
/// checks that at each step
static void
test_anything(void)
{
  unsigned seed = 2026;
  user_start(&user);
  for (unsigned i = 0; i < 200000; ++i) {
    const WindowEvent event = {.kind   = (WindowEventKind)(draw(&seed) % WINDOW_CLOSED),
                               .x      = draw(&seed) % 740 - 10.0,
                               .y      = draw(&seed) % 440 - 10.0,
                               .steps  = draw(&seed) % 5 - 2.0,
                               .button = draw(&seed) % 8 ? 1 : 3,
                               .n_clicks  = draw(&seed) % 4 ? 1 : 2,
                               .modifiers = draw(&seed) % 2,
                               .key = (WindowKey)(draw(&seed) % (WINDOW_KEY_END + 1)),
                               .character = 32 + draw(&seed) % 96,
                               .path      = draw(&seed) % 2 ? "/file" : NULL};
    user.now_ms += draw(&seed) % 500;
    panel_handle(&user.panel, &event, user.now_ms);
    panel_tick(&user.panel, user.now_ms);
    const Interaction* const now = &user.scene.user;
    CHECK(now->focus <= CONTROL_NONE && now->entry <= CONTROL_NONE);
    CHECK(now->list == CONTROL_NONE || now->entry == CONTROL_NONE);
    CHECK(memchr(now->text, 0, sizeof(now->text)));
  }
}

int
main(void)
{
  test_mouse_reaches_every_parameter();
  test_keys_reach_every_parameter();
  test_space_and_enter_do_what_a_click_does();
  test_wheel_steps();
  test_a_tempo_that_is_not_shown_stays();
  test_double_click_gives_the_default();
  test_drag();
  test_typed_numbers();
  test_a_long_list();
  test_a_list_by_mouse();
  test_tab_order();
  test_references_go_around();
  test_tooltips_come_to_those_who_wait();
  test_files();
  test_closing_lets_go();
  test_anything();
  return 0;
}
