/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/scene_key.h"

#include "editor/edits.h"
#include "editor/tooltip.h"
#include "editor/words.h"

#include <math.h>
#include <string.h>

/// Mix bytes into a number: Fowler, Noll and Vo's hash, FNV-1a
static void
mix(uint64_t* const key, const void* const bytes, const size_t n)
{
  const unsigned char* const values = (const unsigned char*)bytes;
  for (size_t i = 0; i < n; ++i) {
    *key = (*key ^ values[i]) * 0x100000001B3U;
  }
}

static void
mix_number(uint64_t* const key, const double number)
{
  mix(key, &number, sizeof(number));
}

static void
mix_text(uint64_t* const key, const char* const text)
{
  mix(key, text, strlen(text) + 1);
}

static uint64_t
new_key(void)
{
  return 0xCBF29CE484222325U;
}

static void
mix_target(uint64_t* const key, const Scene* const scene)
{
  const uint32_t index = (uint32_t)scene->values[PARAM_TARGET];
  if (index < scene->target.n_labels) {
    mix_text(key, params_label(scene->target.labels, index));
  }
}

/// Mix what the user does with a control
static void
mix_user(uint64_t* const key, const Scene* const scene, const Control control)
{
  const Interaction* const user     = &scene->user;
  const bool               is_under = user->hover == control;
  const bool               has_list = user->list != CONTROL_NONE;
  mix_number(key, is_under && !has_list ? 1.0 + user->hover_part : 0.0);
  mix_number(key, user->pressed == control);
  mix_number(key, user->list == control);
  mix_number(key, user->focus == control && user->shows_focus);
  if (user->entry == control) {
    mix_text(key, user->text);
    mix_number(key, 1.0 + 2.0 * user->entry_is_all + 4.0 * user->entry_is_bad);
  }
}

/// Mix what only one control shows
static void
mix_special(uint64_t* const key, const Scene* const scene, const Control control)
{
  switch (control) {
    case CONTROL_TARGET:
      mix_target(key, scene);
      break;
    case CONTROL_OUTPUT:
      mix_number(key, scene->values[PARAM_BYPASS]);
      mix_number(key, scene->values[PARAM_COMPARE]);
      break;
    case CONTROL_PREVIOUS:
    case CONTROL_NEXT:
      mix_number(key, edits_are_possible(scene, control));
      break;
    case CONTROL_LEARN:
      mix_number(key, scene->countdown.phase);
      mix_number(key, scene->countdown.n_beats);
      mix_number(key, scene->countdown.share);
      break;
    case CONTROL_CLIP:
      mix(key, scene->latency_s, sizeof(scene->latency_s));
      mix_number(key, scene->clip_waits);
      break;
    case CONTROL_TEMPO:
      mix_number(key, scene->values[PARAM_BEAT_SOURCE]);
      mix_number(key, round(scene->tempo * 10.0)); // as it is shown
      break;
    default:
      break;
  }
}

static void
mix_reference(uint64_t* const key, const Scene* const scene)
{
  mix_target(key, scene);
  mix_number(key, scene->values[PARAM_TARGET]);
  mix_text(key, words_without_shape(scene));
  mix_number(key, scene->has_summary);
  mix_number(key, scene->summary_revision);
  mix_number(key, scene->warning);
  mix_number(key, scene->is_drag_over);
}

static void
mix_status(uint64_t* const key, const Scene* const scene)
{
  StatusWords words;
  words_status(scene, &words);
  mix_number(key, words.level);
  mix_text(key, words.title);
  mix_text(key, words.detail);
}

uint64_t
scene_key(const Scene* const scene, const Control control)
{
  uint64_t         key   = new_key();
  const ParamIndex param = control_info(control)->param;
  if (control < N_CONTROLS) {
    mix_user(&key, scene, control);
    mix_special(&key, scene, control);
    mix_number(&key, param < N_PARAMS ? scene->values[param] : 0.0);
    return key;
  }
  switch (control) {
    case AREA_SONG:
      mix_number(&key, scene->song != NULL);
      mix_number(&key, scene->song_revision);
      break;
    case AREA_REFERENCE:
      mix_reference(&key, scene);
      break;
    case AREA_METERS:
      mix_number(&key, scene->meters_revision);
      break;
    case AREA_STATUS:
      mix_status(&key, scene);
      break;
    default:
      mix_number(&key, scene->values[PARAM_DROPOUTS]);
  }
  return key;
}

uint64_t
scene_key_list(const Scene* const scene)
{
  const Interaction* const user = &scene->user;
  uint64_t                 key  = new_key();
  mix_number(&key, user->list);
  if (user->list != CONTROL_NONE) {
    mix_number(&key, user->list_first);
    mix_number(&key, user->list_row);
    mix_number(&key, scene->values[control_info(user->list)->param]);
    mix_number(&key, scene->target.n_labels);
    mix(&key, scene->latency_s, sizeof(scene->latency_s));
  }
  return key;
}

uint64_t
scene_key_tooltip(const Scene* const scene)
{
  uint64_t key = new_key();
  mix_number(&key, scene->user.tooltip);
  if (scene->user.tooltip != CONTROL_NONE) {
    char text[TOOLTIP_SIZE];
    tooltip_write(scene, scene->user.tooltip, text, sizeof(text));
    mix_text(&key, text);
  }
  return key;
}
