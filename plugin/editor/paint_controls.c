/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/paint_controls.h"

#include "core/number_text.h"
#include "editor/edits.h"
#include "editor/layout.h"
#include "editor/symbols.h"
#include "editor/theme.h"
#include "editor/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PADDING       10.0
#define ARROW_ROOM    22.0 ///< At the right of a list
#define TRACK_HEIGHT  4.0
#define HANDLE_RADIUS 7.0

static bool
is_hovered(const Scene* const scene, const Control control)
{
  return scene->user.hover == control && scene->user.list == CONTROL_NONE;
}

/// Paint the ground of a control
static void
paint_ground(Canvas* const      canvas,
             const Scene* const scene,
             const Control      control,
             const bool         is_on)
{
  symbols_button(canvas,
                 layout_box(control),
                 is_on,
                 is_hovered(scene, control),
                 scene->user.pressed == control || scene->user.list == control);
}

static void
paint_list(Canvas* const canvas, const Scene* const scene, const Control control)
{
  const Box box = layout_box(control);
  char      value[WORDS_SIZE];
  char      extra[WORDS_SIZE] = "";
  paint_ground(canvas, scene, control, false);
  words_value(scene, control, value, sizeof(value));
  if (control == CONTROL_CLIP) {
    words_latency(scene, (uint32_t)scene->values[PARAM_CLIP], extra, sizeof(extra));
  }
  const Box    inner = symbols_inset(box, PADDING, ARROW_ROOM);
  const double width = canvas_text_width(canvas, extra, THEME_SMALL);
  canvas_text(canvas,
              symbols_inset(inner, 0.0, width),
              ALIGN_LEFT,
              value,
              THEME_TEXT,
              COLOUR_TEXT);
  canvas_text(canvas,
              inner,
              ALIGN_RIGHT,
              extra,
              THEME_SMALL,
              scene->clip_waits ? COLOUR_WARNING : COLOUR_FAINT);
  symbols_arrow(canvas,
                box.x + box.width - ARROW_ROOM / 2.0,
                box.y + box.height / 2.0,
                'v',
                COLOUR_FAINT);
}

static void
paint_segments(Canvas* const canvas, const Scene* const scene, const Control control)
{
  const ParamInfo* const info  = params_info(control_info(control)->param);
  const uint32_t         value = (uint32_t)scene->values[control_info(control)->param];
  // While something else is the output, the choice only waits
  const bool is_output =
    scene->values[PARAM_BYPASS] < 0.5 && scene->values[PARAM_COMPARE] < 0.5;
  canvas_fill_round(canvas, layout_box(control), THEME_RADIUS, THEME_CONTROL);
  for (uint32_t i = 0; i < info->n_labels; ++i) {
    const Box  segment = layout_segment(control, i, info->n_labels);
    const bool is_on   = i == value;
    const bool is_over = is_hovered(scene, control) && scene->user.hover_part == i;
    if (is_on && !is_output) {
      canvas_fill_round(canvas, segment, THEME_RADIUS, THEME_LIT_FAINT);
    } else if (is_on || is_over) {
      symbols_button(canvas, segment, is_on, true, false);
    }
    canvas_text(canvas,
                segment,
                ALIGN_CENTRE,
                params_label(info->labels, i),
                THEME_TEXT,
                is_on && is_output ? THEME_ON_LIT : COLOUR_TEXT);
  }
}

/// Paint a button or switch of one word
static void
paint_word(Canvas* const      canvas,
           const Scene* const scene,
           const Control      control,
           const char* const  word,
           const bool         is_on)
{
  paint_ground(canvas, scene, control, is_on);
  canvas_text(canvas,
              layout_box(control),
              ALIGN_CENTRE,
              word,
              THEME_TEXT,
              is_on ? THEME_ON_LIT : COLOUR_TEXT);
}

/// Paint the button of `Learn`, which fills up while its bar sounds
static void
paint_learn(Canvas* const canvas, const Scene* const scene)
{
  const Box box = layout_box(CONTROL_LEARN);
  char      text[WORDS_SIZE];
  words_learn(scene, text, sizeof(text));
  if (scene->countdown.phase == COUNTDOWN_OFF) {
    paint_word(canvas, scene, CONTROL_LEARN, text, false);
    return;
  }
  canvas_fill_round(canvas, box, THEME_RADIUS, COLOUR_WELL);
  const double width = box.width * fmin(scene->countdown.share, 1.0);
  if (width >= 2.0 * THEME_RADIUS) {
    canvas_fill_round(
      canvas, (Box){box.x, box.y, width, box.height}, THEME_RADIUS, THEME_LIT_FAINT);
  }
  canvas_stroke_round(canvas, box, THEME_RADIUS, 1.0, COLOUR_EXTRACTED);
  canvas_text(canvas, box, ALIGN_CENTRE, text, THEME_TEXT, COLOUR_TEXT);
}

static void
paint_step(Canvas* const canvas, const Scene* const scene, const Control control)
{
  const Box  box         = layout_box(control);
  const bool is_possible = edits_are_possible(scene, control);
  symbols_button(canvas,
                 box,
                 false,
                 is_possible && is_hovered(scene, control),
                 scene->user.pressed == control);
  symbols_arrow(canvas,
                box.x + box.width / 2.0,
                box.y + box.height / 2.0,
                control == CONTROL_PREVIOUS ? '<' : '>',
                is_possible ? COLOUR_TEXT : THEME_TRACK);
}

/* Numbers */

/// Paint a number that is being typed
static void
paint_entry(Canvas* const canvas, const Scene* const scene, const Box box)
{
  const Interaction* const user  = &scene->user;
  const Box                text  = symbols_inset(box, 6.0, 6.0);
  const double             width = canvas_text_width(canvas, user->text, THEME_TEXT);
  canvas_fill_round(canvas, box, THEME_RADIUS, COLOUR_WELL);
  canvas_stroke_round(canvas,
                      box,
                      THEME_RADIUS,
                      1.0,
                      user->entry_is_bad ? COLOUR_WARNING : COLOUR_EXTRACTED);
  if (user->entry_is_all) {
    const Box marked = {text.x - 1.0, box.y + 3.0, width + 2.0, box.height - 6.0};
    canvas_fill(canvas, marked, THEME_LIT_FAINT);
  }
  canvas_text(canvas, text, ALIGN_LEFT, user->text, THEME_TEXT, COLOUR_TEXT);
  if (!user->entry_is_all) {
    const double x = text.x + width + 1.0;
    canvas_line(canvas, x, box.y + 4.0, x, box.y + box.height - 4.0, 1.0, COLOUR_TEXT);
  }
}

static void
paint_slider(Canvas* const canvas, const Scene* const scene, const Control control)
{
  const ParamInfo* const info   = params_info(control_info(control)->param);
  const double           value  = scene->values[control_info(control)->param];
  const Box              box    = layout_box(control);
  const Box              track  = layout_track(control);
  const double           middle = track.y + track.height / 2.0;
  const double           x =
    track.x + track.width * (value - info->min) / (info->max - info->min);
  const double natural =
    track.x + track.width * (info->default_value - info->min) / (info->max - info->min);
  const Box  rail      = {box.x, middle - 2.0, box.width, TRACK_HEIGHT};
  const Box  filled    = {box.x, middle - 2.0, x - box.x, TRACK_HEIGHT};
  const bool is_active = is_hovered(scene, control) || scene->user.pressed == control;

  canvas_fill_round(canvas, rail, 2.0, THEME_TRACK);
  canvas_line(canvas, natural, middle - 6.0, natural, middle + 6.0, 1.0, THEME_TRACK);
  canvas_fill_round(canvas, filled, 2.0, THEME_LIT);
  canvas_fill_round(canvas,
                    (Box){x - HANDLE_RADIUS,
                          middle - HANDLE_RADIUS,
                          2.0 * HANDLE_RADIUS,
                          2.0 * HANDLE_RADIUS},
                    HANDLE_RADIUS,
                    is_active ? THEME_FOCUS : COLOUR_TEXT);

  const Box digits = layout_digits(control);
  if (scene->user.entry == control) {
    paint_entry(canvas, scene, digits);
  } else {
    char text[WORDS_SIZE];
    words_value(scene, control, text, sizeof(text));
    canvas_text(canvas, digits, ALIGN_RIGHT, text, THEME_TEXT, COLOUR_TEXT);
  }
}

/// Paint the tempo: the one that is set, or the one in use
static void
paint_tempo(Canvas* const canvas, const Scene* const scene)
{
  static const char* const origins[] = {"host", "detected", ""};

  const Box      box    = layout_box(CONTROL_TEMPO);
  const uint32_t source = (uint32_t)scene->values[PARAM_BEAT_SOURCE];
  const bool     is_set = source == BEATS_FIXED;
  if (scene->user.entry == CONTROL_TEMPO) {
    paint_entry(canvas, scene, box);
    return;
  }
  char text[WORDS_SIZE] = "\xE2\x80\x93";
  paint_ground(canvas, scene, CONTROL_TEMPO, false);
  if (is_set) {
    words_value(scene, CONTROL_TEMPO, text, sizeof(text));
  } else if (scene->tempo > 0.0) {
    number_to_text(scene->tempo, 1, text, sizeof(text));
  }
  if (is_set) {
    const size_t used = strlen(text);
    snprintf(text + used, sizeof(text) - used, " bpm");
  }
  const Box inner = symbols_inset(box, PADDING, PADDING);
  canvas_text(
    canvas, inner, ALIGN_LEFT, text, THEME_TEXT, is_set ? COLOUR_TEXT : COLOUR_FAINT);
  canvas_text(canvas,
              inner,
              ALIGN_RIGHT,
              origins[source < 3 ? source : 2],
              THEME_SMALL,
              COLOUR_FAINT);
}

/* All */

static void
paint_switch(Canvas* const canvas, const Scene* const scene, const Control control)
{
  const bool is_on = scene->values[control_info(control)->param] > 0.5;
  if (control == CONTROL_LEARN) {
    paint_learn(canvas, scene);
  } else if (control == CONTROL_COMPARE) {
    paint_word(canvas,
               scene,
               control,
               "A\xE2\x80\x93"
               "B",
               is_on);
  } else {
    paint_word(
      canvas, scene, control, params_info(control_info(control)->param)->name, is_on);
  }
}

void
paint_control(Canvas* const canvas, const Scene* const scene, const Control control)
{
  const ControlInfo* const info  = control_info(control);
  const Box                label = layout_label(control);
  if (label.width > 0.0) {
    const char* const name = params_info(info->param)->name;
    canvas_text(canvas, label, ALIGN_LEFT, name, THEME_SMALL, COLOUR_FAINT);
  }
  switch (info->kind) {
    case KIND_LIST:
      paint_list(canvas, scene, control);
      break;
    case KIND_SEGMENTS:
      paint_segments(canvas, scene, control);
      break;
    case KIND_SWITCH:
      paint_switch(canvas, scene, control);
      break;
    case KIND_SLIDER:
      paint_slider(canvas, scene, control);
      break;
    case KIND_NUMBER:
      paint_tempo(canvas, scene);
      break;
    default:
      if (control == CONTROL_OPEN) {
        paint_word(canvas, scene, control, "Open\xE2\x80\xA6", false);
      } else {
        paint_step(canvas, scene, control);
      }
  }
  if (scene->user.shows_focus && scene->user.focus == control) {
    const Box box = layout_box(control);
    // A slider has no ground that keeps its words from the line
    symbols_focus(canvas,
                  info->kind == KIND_SLIDER ? symbols_inset(box, -3.0, -3.0) : box);
  }
}
