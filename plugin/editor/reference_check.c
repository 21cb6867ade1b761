/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/reference_check.h"

#include <math.h>

static double
power_of_db(const double db)
{
  return pow(10.0, db / 10.0);
}

/// Return whether the song sounds, and nothing of it was extracted
static bool
is_absent(const Song* const song)
{
  const double     end    = song_play_frame(song);
  const double     length = CHECK_ABSENT_S * song_sample_rate(song);
  const SongPowers powers = song_powers(song, end - length, end);
  return end >= length && powers.mixture > power_of_db(CHECK_SOUND_DB) &&
         powers.extracted < powers.mixture * power_of_db(CHECK_ABSENT_DB);
}

/// Return what is the case now
static Warning
judge(const Song* const song, const ReferenceSummary* const summary)
{
  const uint32_t n = song_n_columns(song);
  if (is_absent(song)) {
    return WARNING_ABSENT;
  }
  if (!n || !summary || summary->low_pitch <= 0.0F) {
    return WARNING_NONE; // what has no pitch has no register
  }
  const float shift = song_column(song, n - 1)->column.register_shift;
  return shift < 0.0F ? WARNING_LOWER : shift > 0.0F ? WARNING_HIGHER : WARNING_NONE;
}

Warning
reference_check_update(ReferenceCheck* const         check,
                       const Song* const             song,
                       const ReferenceSummary* const summary,
                       const uint32_t                revision)
{
  const double   rate       = song_sample_rate(song);
  const uint32_t generation = song_generation(song);
  const double   position   = song_play_position(song);
  if (generation != check->generation || revision != check->revision) {
    *check = (ReferenceCheck){
      .position = position, .generation = generation, .revision = revision};
  }
  const double elapsed_s = rate > 0.0 ? (position - check->position) / rate : 0.0;
  if (elapsed_s < 0.25) { // that is often enough
    return check->warning;
  }
  check->position    = position;
  const Warning now  = judge(song, summary);
  check->candidate_s = now == check->candidate ? check->candidate_s + elapsed_s : 0.0;
  check->candidate   = now;
  // What is looked at for an absence is long enough
  if (now == WARNING_ABSENT || check->candidate_s >= CHECK_LASTS_S) {
    check->warning = now;
  }
  return check->warning;
}
