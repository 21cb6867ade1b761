/* SPDX-License-Identifier: GPL-3.0-or-later

   What the window says in words.

   All functions are pure. */

#pragma once

#include "core/status.h"
#include "editor/scene.h"

#include <stddef.h>

enum {
  WORDS_SIZE       = 256, ///< Bytes that hold any one sentence, with its end
  WORDS_PITCH_SIZE = 16   ///< Bytes that hold the name of a note
};

/// How much a status matters; each has a colour and a symbol
typedef enum {
  LEVEL_QUIET,   ///< Nothing happens
  LEVEL_GOOD,    ///< It works
  LEVEL_BUSY,    ///< It takes a while
  LEVEL_WARNING, ///< It works badly
  LEVEL_ERROR    ///< It does not work
} Level;

/// A status as the user reads it
typedef struct {
  Level level;
  char  title[WORDS_SIZE];  ///< What is the case
  char  detail[WORDS_SIZE]; ///< What to do, or ""
} StatusWords;

/// Write what the line at the bottom says
void
words_status(const Scene* scene, StatusWords* words);

/// Write a plain value with its unit, and without a fraction of zero
void
words_plain(const ParamInfo* info, double plain, char* text, size_t size);

/// Write the value of a control as it is shown, with its unit
void
words_value(const Scene* scene, Control control, char* text, size_t size);

/// Write the latency of a clip in seconds
void
words_latency(const Scene* scene, uint32_t clip, char* text, size_t size);

/// Write the name of a MIDI note; 60 is C4
void
words_pitch(double note, char text[WORDS_PITCH_SIZE]);

/// Write which notes a reference covers
void
words_register(const ReferenceSummary* summary, char* text, size_t size);

/// Return what stands for the picture of a reference that is not known
const char*
words_without_shape(const Scene* scene);

/// Write what is wrong with the reference, or ""
void
words_warning(const Scene* scene, char* text, size_t size);

/// Write what the button of `Learn` says
void
words_learn(const Scene* scene, char* text, size_t size);

/// Write how many dropouts there were
void
words_dropouts(const Scene* scene, char* text, size_t size);
