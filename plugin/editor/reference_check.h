/* SPDX-License-Identifier: GPL-3.0-or-later

   Whether the reference suits what the song plays.

   For one thread. */

#pragma once

#include "editor/scene.h"
#include "editor/song.h"

#include <stdbool.h>

#define CHECK_MAX_SEMITONES 7.0   ///< Between the song's part and the reference's notes
#define CHECK_REGISTER_S    8.0   ///< For which the song's part is looked at, and lasts
#define CHECK_ABSENT_S      10.0  ///< For which there has to be nothing
#define CHECK_ABSENT_DB     -45.0 ///< Of the extracted sound, by the mixture
#define CHECK_SOUND_DB      -50.0 ///< Below which the mixture is not sound, of full scale
#define CHECK_END_S         2.0   ///< After which a warning that is over goes

/// What has been the case for how long, in seconds of the song
typedef struct {
  Warning  warning;     ///< What is shown
  Warning  candidate;   ///< What is the case
  double   candidate_s; ///< For so long
  double   position;    ///< Of the song, when last checked, in frames
  uint32_t generation;  ///< Of the song
  uint32_t revision;    ///< Of the reference
} ReferenceCheck;

/// Return which register a part is in: the distance of its middle from the notes of a
/// reference, in semitones, negative if it is lower, 0 if it is among them
double
reference_check_distance(double low, double high, const ReferenceSummary* summary);

/// Look at a song and its reference, NULL if there is none, and return what to warn of.
/// Nothing changes while the song stands.
Warning
reference_check_update(ReferenceCheck*         check,
                       const Song*             song,
                       const ReferenceSummary* summary,
                       uint32_t                revision);
