/* SPDX-License-Identifier: GPL-3.0-or-later

   Whether the reference suits what the song plays.

   For one thread. */

#pragma once

#include "editor/scene.h"
#include "editor/song.h"

#include <stdbool.h>

#define CHECK_ABSENT_S  10.0  ///< For which there has to be nothing
#define CHECK_ABSENT_DB -30.0 ///< Of the extracted sound, by the mixture
#define CHECK_SOUND_DB  -50.0 ///< Below which the mixture is not sound, of full scale
#define CHECK_LASTS_S   2.0   ///< For which anything else has to be the case

/* `CHECK_ABSENT_DB` was chosen on items of the validation sets, 5 to 10 s each, with
   the standard model: 19 of 40 mixtures without the target lie below it, and 2 of 253
   with it. At -45 dB these were 1 and 0, at -25 dB 25 and 3.  The register is that of
   columns: `register_shift.py` decides. */

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
