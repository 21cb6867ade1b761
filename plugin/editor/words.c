/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/words.h"

#include "core/number_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEMITONES = 12, LOWEST_OCTAVE = -1, MAX_NOTE = 127 };

/// The sentences of a status
typedef struct {
  Level       level;
  const char* title;
  const char* detail;
} StatusRow;

#define PASSES "the input passes unchanged"

static const StatusRow status_rows[N_STATUSES] = {
  [STATUS_IDLE]     = {LEVEL_QUIET,
                       "Waiting for sound",
                       "Press play: the song goes by above while it is separated."},
  [STATUS_STARTING] = {LEVEL_BUSY,
                       "Starting",
                       "Python and the model are loading. That takes some seconds."},
  [STATUS_READY]    = {LEVEL_GOOD, "Ready", ""},
  [STATUS_LATE] =
    {LEVEL_WARNING,
     "Too slow: what is not ready in time is silent",
     "Choose Quality Fast or a longer Clip. A bounce waits, and is complete."},
  [STATUS_LEARNING] = {LEVEL_BUSY,
                       "Learning the next bar that sounds",
                       "Play the instrument alone, here or in the sidechain."},
  [STATUS_NO_PYTHON] =
    {LEVEL_ERROR,
     "Requinto's Python is missing: " PASSES,
     "Run  requinto plugin install  in a terminal and open the project again."},
  [STATUS_WRONG_PYTHON] = {LEVEL_ERROR,
                           "Requinto was installed for another Python: " PASSES,
                           "Run  requinto plugin install  with the Python in use, and "
                           "open the project again."},
  [STATUS_NO_MODEL] =
    {LEVEL_ERROR,
     "This model is missing or damaged: " PASSES,
     "Choose another Quality, or run  requinto plugin install  in a terminal."},
  [STATUS_NO_REFERENCE] =
    {LEVEL_ERROR,
     "This reference cannot be used: " PASSES,
     "Choose another target, learn a bar, or open a sound file of the instrument."},
  [STATUS_PYTHON_ERROR] =
    {LEVEL_ERROR,
     "Python has stopped: " PASSES,
     "Save, and open the project again. The host's error output has the details."},
  [STATUS_NO_ANSWER] =
    {LEVEL_ERROR,
     "No answer came in time while bouncing: " PASSES,
     "Close other programs or choose Quality Fast, and bounce again."},
};

static uint32_t
index_of(const Scene* const scene, const ParamIndex param)
{
  return (uint32_t)scene->values[param];
}

static void
set_words(StatusWords* const words,
          const Level        level,
          const char* const  title,
          const char* const  detail)
{
  words->level = level;
  snprintf(words->title, sizeof(words->title), "%s", title);
  snprintf(words->detail, sizeof(words->detail), "%s", detail);
}

/// Say when another clip will be in use, and what that means
static void
write_waiting_clip(const Scene* const scene, StatusWords* const words)
{
  const uint32_t clip = index_of(scene, PARAM_CLIP);
  char           latency[WORDS_SIZE];
  words_latency(scene, clip, latency, sizeof(latency));
  snprintf(words->detail,
           sizeof(words->detail),
           "Clip becomes %s (%.16s of latency) when the host next starts the plugin.",
           params_label(params_info(PARAM_CLIP)->labels, clip),
           latency);
}

/// Say what is going on while the plugin works
static void
write_ready(const Scene* const scene, StatusWords* const words)
{
  if (scene->values[PARAM_BYPASS] > 0.5) {
    set_words(words, LEVEL_QUIET, "Bypassed", "You hear the input, delayed.");
  } else if (scene->values[PARAM_COMPARE] > 0.5) {
    set_words(words,
              LEVEL_GOOD,
              "Comparing",
              "You hear the input, as loud as the output. A\xE2\x80\x93"
              "B switches back.");
  } else {
    const bool is_rest = index_of(scene, PARAM_OUTPUT) == OUTPUT_EVERYTHING_ELSE;
    set_words(words, LEVEL_GOOD, "", "");
    snprintf(words->title,
             sizeof(words->title),
             is_rest ? "Ready: everything but %s" : "Ready: extracting %s",
             scene_target_name(scene));
  }
  if (scene->clip_waits) {
    write_waiting_clip(scene, words);
  }
}

/// Say what Python said, where that tells more than the status
static void
add_problem(const Scene* const scene, const Status status, StatusWords* const words)
{
  const bool is_unlearnt = index_of(scene, PARAM_TARGET) == scene->learned_index;
  if (status == STATUS_NO_REFERENCE && is_unlearnt && !scene->has_summary) {
    set_words(words,
              LEVEL_ERROR,
              "No bar has been learnt yet: " PASSES,
              "Press Learn, or open a sound file of the instrument alone.");
  } else if (scene->problem[0] &&
             (status == STATUS_NO_REFERENCE || status == STATUS_PYTHON_ERROR ||
              status == STATUS_NO_MODEL)) {
    snprintf(words->detail, sizeof(words->detail), "%.250s", scene->problem);
  }
}

void
words_status(const Scene* const scene, StatusWords* const words)
{
  const Status status = (Status)scene->values[PARAM_STATUS];
  if (scene->message[0]) {
    set_words(words, LEVEL_ERROR, scene->message, "");
  } else if (scene->is_drag_over) {
    set_words(words, LEVEL_BUSY, "Drop the sound file to use it as the reference", "");
  } else if (status == STATUS_READY) {
    write_ready(scene, words);
  } else {
    const StatusRow* const row = &status_rows[status < N_STATUSES ? status : 0];
    set_words(words, row->level, row->title, row->detail);
    add_problem(scene, status, words);
  }
}

void
words_pitch(const double note, char text[WORDS_PITCH_SIZE])
{
  static const char names[SEMITONES][3] = {
    "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};
  const int rounded = (int)lround(fmax(0.0, fmin(note, MAX_NOTE)));
  snprintf(text,
           WORDS_PITCH_SIZE,
           "%s%d",
           names[rounded % SEMITONES],
           rounded / SEMITONES + LOWEST_OCTAVE);
}

void
words_register(const ReferenceSummary* const summary,
               char* const                   text,
               const size_t                  size)
{
  if (summary->low_pitch <= 0.0F) {
    snprintf(text, size, "unpitched");
    return;
  }
  char low[WORDS_PITCH_SIZE];
  char high[WORDS_PITCH_SIZE];
  words_pitch(summary->low_pitch, low);
  words_pitch(summary->high_pitch, high);
  if (!strcmp(low, high)) {
    snprintf(text, size, "%s", low);
  } else {
    snprintf(text, size, "%s\xE2\x80\x93%s", low, high);
  }
}

const char*
words_without_shape(const Scene* const scene)
{
  const uint32_t target = index_of(scene, PARAM_TARGET);
  if (target < scene->learned_index) {
    return "Built-in sounds";
  }
  if (target == scene->learned_index) {
    return "No bar learnt yet";
  }
  const bool has_failed = index_of(scene, PARAM_STATUS) == STATUS_NO_REFERENCE;
  return has_failed ? "Cannot be used" : "Not read yet";
}

void
words_warning(const Scene* const scene, char* const text, const size_t size)
{
  switch (scene->warning) {
    case WARNING_LOWER:
      snprintf(
        text,
        size,
        "It seems to play lower in the song: try a reference from that register.");
      break;
    case WARNING_HIGHER:
      snprintf(
        text,
        size,
        "It seems to play higher in the song: try a reference from that register.");
      break;
    case WARNING_ABSENT:
      snprintf(text, size, "Nothing like it is in the song right now.");
      break;
    default:
      snprintf(text, size, "%s", "");
  }
}

void
words_learn(const Scene* const scene, char* const text, const size_t size)
{
  const Countdown* const countdown = &scene->countdown;
  switch (countdown->phase) {
    case COUNTDOWN_WAITING:
      snprintf(text, size, "Waiting for a bar");
      break;
    case COUNTDOWN_BEATS:
      snprintf(text,
               size,
               countdown->n_beats == 1 ? "In %u beat" : "In %u beats",
               countdown->n_beats);
      break;
    case COUNTDOWN_CAPTURING:
      snprintf(text, size, "Capturing");
      break;
    case COUNTDOWN_ALMOST:
      snprintf(text, size, "Almost there");
      break;
    default:
      snprintf(text, size, "Learn a bar");
  }
}

void
words_dropouts(const Scene* const scene, char* const text, const size_t size)
{
  const unsigned n = (unsigned)scene->values[PARAM_DROPOUTS];
  if (n >= PARAMS_MAX_DROPOUTS) {
    snprintf(text, size, "%u+ dropouts", n);
  } else {
    snprintf(text, size, n == 1 ? "%u dropout" : "%u dropouts", n);
  }
}

void
words_plain(const ParamInfo* const info,
            const double           plain,
            char* const            text,
            const size_t           size)
{
  params_to_text(info, plain, text, size);
  const size_t length = strlen(text);
  if (!info->labels && length > 2 && !strcmp(text + length - 2, ".0")) {
    text[length - 2] = '\0';
  }
  if (info->unit[0]) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, " %s", info->unit);
  }
}

void
words_value(const Scene* const scene,
            const Control      control,
            char* const        text,
            const size_t       size)
{
  const ParamIndex param = control_info(control)->param;
  if (param == N_PARAMS) {
    snprintf(text, size, "%s", "");
    return;
  }
  words_plain(scene_param(scene, param), scene->values[param], text, size);
}

void
words_latency(const Scene* const scene,
              const uint32_t     clip,
              char* const        text,
              const size_t       size)
{
  char seconds[16];
  number_to_text(
    scene->latency_s[clip < N_CLIPS ? clip : 0], 2, seconds, sizeof(seconds));
  snprintf(text, size, "%s s", seconds);
}
