/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/tooltip.h"

#include "editor/words.h"

#include <stdio.h>
#include <string.h>

/// What a control is for
typedef struct {
  const char* name; ///< NULL for that of its parameter
  const char* meaning;
} Tooltip;

static const Tooltip tooltips[N_AREAS] = {
  [CONTROL_TARGET] = {NULL,
                      "The instrument to extract: built in, learnt, or one of your "
                      "references."},
  [CONTROL_OUTPUT] = {NULL,
                      "What you hear: the instrument, or the song without it. The two "
                      "add up to the input."},
  [CONTROL_COMPARE] =
    {"A\xE2\x80\x93"
     "B",
     "Hear the input instead, as loud as the output. It is not saved."},
  [CONTROL_BYPASS]      = {NULL, "Pass the input unchanged, at the same latency."},
  [CONTROL_PREVIOUS]    = {"Previous reference", "Of your own, around the end."},
  [CONTROL_NEXT]        = {"Next reference", "Of your own, around the end."},
  [CONTROL_LEARN]       = {NULL,
                           "Take the next bar that sounds as the reference, from the "
                                 "sidechain if there is sound in it. Play the instrument alone."},
  [CONTROL_OPEN]        = {"Open",
                           "Use a sound file of the instrument alone as the reference. "
                                  "Or drop one on the window."},
  [CONTROL_AMOUNT]      = {NULL, "From the dry signal (0 %) to the output alone."},
  [CONTROL_SENSITIVITY] = {NULL,
                           "Higher gives more of the instrument, and more bleed of "
                           "others. 50 % is the model's own judgement."},
  [CONTROL_CLIP]        = {NULL,
                           "How much is separated at a time. Shorter means less latency, more "
                                  "computing and a little less quality. The host restarts the "
                                  "plugin for it."},
  [CONTROL_QUALITY]     = {NULL, "The model. Fast is smaller, for weak machines."},
  [CONTROL_BEAT_SOURCE] =
    {NULL,
     "Where bars come from: the host, the sound itself (Detect), or "
     "a fixed tempo from where the sound begins."},
  [CONTROL_TEMPO]  = {NULL,
                      "In beats per minute, for Fixed tempo. Otherwise the tempo in use "
                       "is shown."},
  [AREA_SONG]      = {"The song going by",
                      "Pitch upwards, time to the right: amber is what is extracted, grey "
                           "the rest. Lines are beats, bars and clips; the white line is what "
                           "you hear."},
  [AREA_REFERENCE] = {"Reference",
                      "What the instrument sounds like, and the notes that it covers. "
                      "Best is one that plays in the same register as in the song."},
  [AREA_METERS]    = {"Levels", "Of the input, the output, and what is taken away."},
  [AREA_STATUS]    = {NULL, NULL},
  [AREA_DROPOUTS]  = {NULL,
                      "Blocks that were not ready in time since processing began. They "
                       "are silent, and nothing shifts."},
};

/// Return how a control is used, beyond a click and Tab
static const char*
keys_of(const ControlKind kind)
{
  switch (kind) {
    case KIND_LIST:
      return "Arrows or wheel: step. Double click: default.";
    case KIND_SEGMENTS:
      return "Arrows or wheel: step.";
    case KIND_SWITCH:
      return "Space: switch.";
    case KIND_BUTTON:
      return "Space: press.";
    case KIND_SLIDER:
    case KIND_NUMBER:
      return "Arrows or wheel: step, with Shift finely. Digits: type. Double click: "
             "default.";
    default:
      return "";
  }
}

/// Say in full what the line at the bottom may have no room for
static void
write_status_tooltip(const Scene* const scene, char* const text, const size_t size)
{
  StatusWords words;
  words_status(scene, &words);
  snprintf(text, size, "%s", words.title);
  if (words.detail[0]) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "\n%s", words.detail);
  }
}

void
tooltip_write(const Scene* const scene,
              const Control      control,
              char* const        text,
              const size_t       size)
{
  const ControlInfo* const info    = control_info(control);
  const Tooltip* const     tooltip = &tooltips[control];
  if (control == AREA_STATUS) {
    write_status_tooltip(scene, text, size);
    return;
  }
  const char* name = tooltip->name;
  if (!name) {
    name = params_info(info->param)->name;
  }
  char default_value[WORDS_SIZE] = "";
  if (control < N_CONTROLS && info->param != N_PARAMS) {
    char plain[WORDS_SIZE];
    words_plain(params_info(info->param),
                params_info(info->param)->default_value,
                plain,
                sizeof(plain));
    snprintf(default_value, sizeof(default_value), " Default: %.200s.", plain);
  }
  snprintf(text, size, "%s\n%s%s", name, tooltip->meaning, default_value);
  const char* const keys = keys_of(info->kind);
  if (keys[0]) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "\n%s", keys);
  }
}
