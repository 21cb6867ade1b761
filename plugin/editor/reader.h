/* SPDX-License-Identifier: GPL-3.0-or-later

   What an instance shows, into a scene.

   For the window's thread. */

#pragma once

#include "core/instance.h"
#include "editor/canvas.h"
#include "editor/scene.h"

#include <stdbool.h>
#include <stdint.h>

/// What is kept of an instance while a window shows it
typedef struct ReaderImpl Reader;

/// Return a reader, and have the worker write for it; NULL without memory
Reader*
reader_new(Instance* instance);

/// Free a reader, and have the worker stop; may be NULL
void
reader_free(Reader* reader);

/// Read all values but that of `held`, which the user moves, and the names of targets
void
reader_read_values(const Reader* reader, Scene* scene, ParamIndex held);

/// Read what has come of the sound, for a song in a box of a canvas of a scale
void
reader_read_sound(Reader*  reader,
                  Scene*   scene,
                  Box      song_box,
                  double   scale,
                  uint64_t now_ms);
