/* SPDX-License-Identifier: GPL-3.0-or-later

   Everything that the window shows at a moment, so that each state of it can be painted
   and tested without an instance. */

#pragma once

#include "core/clip.h"
#include "core/params.h"
#include "core/scope.h"
#include "editor/controls.h"
#include "editor/meters.h"
#include "editor/song_view.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  SCENE_ENTRY_SIZE   = 16, ///< Bytes of a number that is typed, with its end
  SCENE_MESSAGE_SIZE = 256 ///< Of what the window itself has to say
};

/// What is wrong with the reference for this song
typedef enum {
  WARNING_NONE,
  WARNING_LOWER,  ///< It seems to lie lower in the song
  WARNING_HIGHER, ///< It seems to lie higher
  WARNING_ABSENT  ///< Next to nothing is extracted
} Warning;

/// How far `Learn` is
typedef enum {
  COUNTDOWN_OFF,
  COUNTDOWN_WAITING,   ///< No bar is known to come
  COUNTDOWN_BEATS,     ///< `n_beats` until the bar begins
  COUNTDOWN_CAPTURING, ///< The bar sounds
  COUNTDOWN_ALMOST     ///< It has sounded, and is taken once the worker is there
} CountdownPhase;

/// The same, with numbers
typedef struct {
  CountdownPhase phase;
  uint32_t       n_beats;
  double         share; ///< Of the bar that has sounded, 0 to 1
} Countdown;

/// What the user is doing
typedef struct {
  Control  focus;       ///< Keys go there
  bool     shows_focus; ///< They were used last
  Control  hover;
  uint32_t hover_part; ///< Of `KIND_SEGMENTS`
  Control  pressed;
  Control  list;         ///< That is open
  uint32_t list_first;   ///< Its first row that is visible
  uint32_t list_row;     ///< The one that Enter chooses
  Control  entry;        ///< Of the number that is typed
  bool     entry_is_all; ///< The next character replaces all
  bool     entry_is_bad; ///< It is no number
  char     text[SCENE_ENTRY_SIZE];
  Control  tooltip;
} Interaction;

/// All of it
typedef struct {
  double    values[N_PARAMS];
  ParamInfo target;        ///< With all its names
  uint32_t  learned_index; ///< Targets after it are the user's references

  char   problem[SCOPE_MAX_PROBLEM];  ///< Why Python did nothing, or ""
  char   message[SCENE_MESSAGE_SIZE]; ///< What went wrong in the window, or ""
  double latency_s[N_CLIPS];
  bool   clip_waits; ///< Another clip was chosen than is in use
  double tempo;      ///< Quarter notes per minute in use, or 0

  const SongView* song; ///< NULL before there is one
  uint32_t        song_revision;
  Meters          meters;
  uint32_t        meters_revision;

  bool             has_summary;
  ReferenceSummary summary;
  uint32_t         summary_revision;
  Warning          warning;
  Countdown        countdown;
  bool             is_drag_over;

  Interaction user;
} Scene;

/// Return the row of a parameter: that of the target has all names
const ParamInfo*
scene_param(const Scene* scene, ParamIndex param);

/// Return the name of the target, or "" before its list is read
const char*
scene_target_name(const Scene* scene);
