/* SPDX-License-Identifier: GPL-3.0-or-later

   States of the window, as scenes without an instance. */

#pragma once

#include "editor/scene.h"

/// A state by its name
typedef struct {
  const char* name;
  double      scale;
  void (*change)(Scene* scene); ///< From a scene that is ready
} SceneCase;

/// All of them, the last without a name
extern const SceneCase scene_cases[];

/// Write a scene that is ready, as far as it shows no song
void
scene_without_song(Scene* scene);

/// Write one with a song that goes by at a scale
void
scene_ready(Scene* scene, double scale);

/// Free the song of a scene
void
scene_free(Scene* scene);
