/* SPDX-License-Identifier: GPL-3.0-or-later

   Whether the reference suits what the song plays.

   For one thread. */

#pragma once

#include "editor/scene.h"
#include "editor/song.h"

#include <stdbool.h>

#define CHECK_REGISTER_S                                                               \
  4.5 ///< For which a part has to lie elsewhere, or not any more:
      ///< for more than one of the pieces that Python judges
#define CHECK_ABSENT_S  10.0  ///< For which there has to be nothing
#define CHECK_ABSENT_DB -45.0 ///< Of the extracted sound, by the mixture
#define CHECK_SOUND_DB  -50.0 ///< Below which the mixture is not sound, of full scale
#define CHECK_END_S     2.0   ///< After which the warning of nothing goes

/// What has been the case for how long, in seconds of the song
typedef struct {
  Warning  warning;     ///< What is shown
  Warning  candidate;   ///< What is the case
  double   candidate_s; ///< For so long
  double   position;    ///< Of the song, when last checked, in frames
  uint32_t generation;  ///< Of the song
  uint32_t revision;    ///< Of the reference
} ReferenceCheck;

/// Look at a song and its reference, NULL if there is none, and return what to warn of.
/// Nothing changes while the song stands.
Warning
reference_check_update(ReferenceCheck*         check,
                       const Song*             song,
                       const ReferenceSummary* summary,
                       uint32_t                revision);
