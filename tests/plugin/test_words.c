/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"
#include "scenes.h"

#include "editor/canvas.h"
#include "editor/layout.h"
#include "editor/paint_overlay.h"
#include "editor/text_lines.h"
#include "editor/theme.h"
#include "editor/tooltip.h"
#include "editor/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static Scene   scene;
static Canvas* canvas;

/* Legibility */

/// Return a channel's part of the luminance: IEC 61966-2-1
static double
linear(const uint32_t channel)
{
  const double value = channel / 255.0;
  return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double
luminance(const Colour colour)
{
  return 0.2126 * linear(colour >> 16U & 0xFFU) +
         0.7152 * linear(colour >> 8U & 0xFFU) + 0.0722 * linear(colour & 0xFFU);
}

/// Return the contrast of two colours, 1 to 21, as WCAG 2.1 defines it
static double
contrast(const Colour one, const Colour other)
{
  const double a = luminance(one) + 0.05;
  const double b = luminance(other) + 0.05;
  return a > b ? a / b : b / a;
}

static void
test_text_is_legible(void)
{
  static const Colour pairs[][2] = {THEME_TEXT_PAIRS};
  CHECK(fabs(contrast(0xFF000000U, 0xFFFFFFFFU) - 21.0) < 1e-6);
  for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); ++i) {
    CHECK(contrast(pairs[i][0], pairs[i][1]) >= 4.5);
  }
  CHECK(THEME_SMALL >= 11.0 && THEME_TEXT >= 11.0 && THEME_TITLE >= 11.0);
}

/* Sentences */

/// Check that a text is there, ends properly, and fits
static void
check_fits(const char* const text, const double width, const double size)
{
  CHECK(text[0] && text[0] != ' ');
  CHECK(canvas_text_width(canvas, text, size) <= width);
}

static void
test_each_status_says_what_to_do(void)
{
  const double width            = layout_box(AREA_STATUS).width - 32.0;
  char         last[WORDS_SIZE] = "";
  for (int status = 0; status < N_STATUSES; ++status) {
    StatusWords words;
    scene.values[PARAM_STATUS] = status;
    words_status(&scene, &words);
    check_fits(words.title, width, THEME_TEXT);
    CHECK((words.level == LEVEL_ERROR) == status_is_failure((Status)status));
    if (status != STATUS_READY) {
      check_fits(words.detail, width, THEME_SMALL);
    }
    if (status_is_failure((Status)status)) {
      CHECK(strstr(words.title, "the input passes unchanged"));
    }
    CHECK(strcmp(words.title, last) != 0);
    snprintf(last, sizeof(last), "%s", words.title);
  }
  scene.values[PARAM_STATUS] = STATUS_READY;
}

static void
test_status_goes_from_what_matters_to_what_does_not(void)
{
  StatusWords words;
  words_status(&scene, &words);
  CHECK(!strcmp(words.title, "Ready: extracting Requinto, take 3"));
  scene.clip_waits         = true;
  scene.values[PARAM_CLIP] = CLIP_1_BEAT;
  words_status(&scene, &words);
  CHECK(strstr(words.detail, "Clip becomes 1 beat (1.15 s of latency)"));
  check_fits(words.detail, layout_box(AREA_STATUS).width - 32.0, THEME_SMALL);
  scene.clip_waits           = false;
  scene.values[PARAM_OUTPUT] = OUTPUT_EVERYTHING_ELSE;
  words_status(&scene, &words);
  CHECK(!strcmp(words.title, "Ready: everything but Requinto, take 3"));
  scene.values[PARAM_COMPARE] = 1.0;
  words_status(&scene, &words);
  CHECK(!strcmp(words.title, "Comparing"));
  scene.values[PARAM_BYPASS] = 1.0;
  words_status(&scene, &words);
  CHECK(!strcmp(words.title, "Bypassed"));
  scene.values[PARAM_STATUS] = STATUS_PYTHON_ERROR;
  snprintf(scene.problem, sizeof(scene.problem), "ValueError: 2 is not 3");
  words_status(&scene, &words);
  CHECK(strstr(words.title, "Python has stopped"));
  CHECK(!strcmp(words.detail, scene.problem));
  snprintf(scene.message, sizeof(scene.message), "a.wav cannot be used: it is empty");
  words_status(&scene, &words);
  CHECK(!strcmp(words.title, scene.message) && words.level == LEVEL_ERROR);

  // What Python says may be longer than a line, but not than its room
  memset(scene.problem, 'x', sizeof(scene.problem) - 1);
  scene.message[0] = '\0';
  words_status(&scene, &words);
  CHECK(strlen(words.detail) < WORDS_SIZE);
}

static void
test_names_of_notes(void)
{
  static const struct {
    double      note;
    const char* name;
  } notes[] = {{0.0, "C-1"},
               {21.0, "A0"},
               {60.0, "C4"},
               {60.4, "C4"},
               {60.6, "C#4"},
               {69.0, "A4"},
               {71.0, "B4"},
               {127.0, "G9"},
               {500.0, "G9"}};
  for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); ++i) {
    char text[WORDS_PITCH_SIZE];
    words_pitch(notes[i].note, text);
    CHECK(!strcmp(text, notes[i].name));
  }
  char             text[WORDS_SIZE];
  ReferenceSummary summary = {.low_pitch = 52.0F, .high_pitch = 71.0F};
  words_register(&summary, text, sizeof(text));
  CHECK(!strcmp(text,
                "E3\xE2\x80\x93"
                "B4"));
  summary = (ReferenceSummary){.low_pitch = 61.0F, .high_pitch = 78.0F};
  words_register(&summary, text, sizeof(text));
  check_fits(text, layout_slot(SLOT_REGISTER).width, THEME_SMALL);
  summary = (ReferenceSummary){.low_pitch = 0.0F};
  words_register(&summary, text, sizeof(text));
  check_fits(text, layout_slot(SLOT_REGISTER).width, THEME_SMALL);
}

static void
test_a_reference_without_a_picture(void)
{
  static const struct {
    uint32_t    beyond; ///< The last built-in target
    Status      status;
    const char* text;
  } cases[]           = {{0, STATUS_NO_REFERENCE, "Built-in sounds"},
                         {1, STATUS_NO_REFERENCE, "No bar learnt yet"},
                         {2, STATUS_STARTING, "Not read yet"},
                         {2, STATUS_NO_PYTHON, "Not read yet"},
                         {2, STATUS_NO_REFERENCE, "Cannot be used"}};
  const double target = scene.values[PARAM_TARGET];
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    scene.values[PARAM_TARGET] = scene.learned_index - 1.0 + cases[i].beyond;
    scene.values[PARAM_STATUS] = cases[i].status;
    const char* const text     = words_without_shape(&scene);
    CHECK(!strcmp(text, cases[i].text));
    check_fits(text, layout_slot(SLOT_THUMBNAIL).width, THEME_SMALL);
  }
  scene.values[PARAM_TARGET] = target;
  scene.values[PARAM_STATUS] = STATUS_READY;
}

static void
test_the_rest_fits(void)
{
  char text[WORDS_SIZE];
  for (int warning = WARNING_LOWER; warning <= WARNING_ABSENT; ++warning) {
    scene.warning = (Warning)warning;
    words_warning(&scene, text, sizeof(text));
    const double width = layout_slot(SLOT_WARNING).width - 20.0;
    CHECK(text[0] && text_lines_count(canvas, width, text, THEME_SMALL) <= 2);
  }
  for (int phase = COUNTDOWN_OFF; phase <= COUNTDOWN_ALMOST; ++phase) {
    for (uint32_t n = 1; n <= 12; ++n) {
      scene.countdown = (Countdown){(CountdownPhase)phase, n, 0.0};
      words_learn(&scene, text, sizeof(text));
      check_fits(text, layout_box(CONTROL_LEARN).width - 16.0, THEME_TEXT);
    }
  }
  for (int n = 0; n <= PARAMS_MAX_DROPOUTS; n += 1111) {
    scene.values[PARAM_DROPOUTS] = n;
    words_dropouts(&scene, text, sizeof(text));
    check_fits(text, layout_box(AREA_DROPOUTS).width - LAYOUT_MARGIN, THEME_SMALL);
  }
  scene.values[PARAM_DROPOUTS] = 1.0;
  words_dropouts(&scene, text, sizeof(text));
  CHECK(!strcmp(text, "1 dropout"));

  // Labels of lists, with what is beside them
  for (unsigned i = 0; i < N_CONTROLS; ++i) {
    const Control            control = (Control)i;
    const ControlInfo* const info    = control_info(control);
    const Box                label   = layout_label(control);
    if (info->param == N_PARAMS || control == CONTROL_TARGET) {
      continue;
    }
    const ParamInfo* const param = params_info(info->param);
    if (label.width > 0.0) {
      check_fits(param->name, label.width, THEME_SMALL);
    }
    for (uint32_t j = 0; info->kind == KIND_LIST && j < param->n_labels; ++j) {
      const double beside = control == CONTROL_CLIP ? 42.0 : 0.0;
      check_fits(params_label(param->labels, j),
                 layout_box(control).width - 32.0 - beside,
                 THEME_TEXT);
    }
    for (uint32_t j = 0; info->kind == KIND_SEGMENTS && j < param->n_labels; ++j) {
      check_fits(params_label(param->labels, j),
                 layout_segment(control, j, param->n_labels).width - 8.0,
                 THEME_TEXT);
    }
  }
}

static void
test_tooltips(void)
{
  for (unsigned i = 0; i < N_AREAS; ++i) {
    char text[TOOLTIP_SIZE];
    scene.user.tooltip = (Control)i;
    tooltip_write(&scene, (Control)i, text, sizeof(text));
    CHECK(strchr(text, '\n') || i == AREA_STATUS);
    CHECK(strlen(text) < sizeof(text) - 1);
    CHECK(text[strlen(text) - 1] == '.' || i == AREA_STATUS);
    if (i < N_CONTROLS && control_info((Control)i)->param != N_PARAMS) {
      CHECK(strstr(text, "Default: "));
    }
    const Box box = paint_tooltip_box(canvas, &scene);
    CHECK(box.x >= 0.0 && box.x + box.width <= LAYOUT_WIDTH);
    CHECK(box.y >= 0.0 && box.y + box.height <= LAYOUT_HEIGHT);
  }
}

/* Where things are */

static bool
overlap(const Box one, const Box other)
{
  return one.x < other.x + other.width && other.x < one.x + one.width &&
         one.y < other.y + other.height && other.y < one.y + one.height;
}

static void
test_nothing_lies_on_anything_else(void)
{
  for (unsigned i = 0; i < N_AREAS; ++i) {
    const Box box = layout_box_with_label((Control)i);
    CHECK(box.x >= 0.0 && box.x + box.width <= LAYOUT_WIDTH);
    CHECK(box.y >= 0.0 && box.y + box.height <= LAYOUT_HEIGHT);
    for (unsigned j = 0; j < i; ++j) {
      const bool holds_controls = i == AREA_REFERENCE && j < N_CONTROLS;
      CHECK(holds_controls || !overlap(box, layout_box_with_label((Control)j)));
    }
    if (i < N_CONTROLS) {
      const Box own = layout_box((Control)i);
      CHECK(own.width >= 22.0 && own.height >= 22.0); // can be hit
      CHECK(layout_at(own.x + own.width / 2.0, own.y + own.height / 2.0) == i);
      CHECK(layout_at(own.x, own.y) == i);
    }
  }
  CHECK(layout_at(-1.0, 5.0) == CONTROL_NONE);
}

int
main(void)
{
  canvas = canvas_new();
  CHECK(canvas && canvas_resize(canvas, LAYOUT_WIDTH, LAYOUT_HEIGHT, 1.0));
  scene_ready(&scene, 1.0);
  test_text_is_legible();
  test_each_status_says_what_to_do();
  test_names_of_notes();
  test_a_reference_without_a_picture();
  test_the_rest_fits();
  test_tooltips();
  test_nothing_lies_on_anything_else();
  test_status_goes_from_what_matters_to_what_does_not();
  scene_free(&scene);
  canvas_free(canvas);
  return 0;
}
