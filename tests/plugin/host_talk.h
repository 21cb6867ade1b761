/* SPDX-License-Identifier: GPL-3.0-or-later

   What the audio thread hands the main thread: the changes that it made and
   received.  The main thread repeats them to the controller, as hosts do. */

#pragma once

#include "host_vst3.h"

#include <stdatomic.h>

enum { TALK_SIZE = 65536, TALK_NOT_NOTIFIED = -1 };

typedef struct {
  int         block; ///< In which the plugin reported it, or `TALK_NOT_NOTIFIED`
  v3_param_id id;
  double      value;
} Word;

typedef struct {
  Word        words[TALK_SIZE];
  atomic_uint n_said;    ///< Written by the audio thread
  atomic_uint n_relayed; ///< Written by the main thread
} Talk;

/// Say the last value of each change.  Audio thread.
void
talk_say(Talk* talk, const Changes* changes, int block);

/// Print what the plugin reported, and repeat everything to the controller.  Main
/// thread.
void
talk_relay(Talk* talk, const Instance* instance);
