/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/reference_check.h"

#include <math.h>

double
reference_check_distance(const double                  low,
                         const double                  high,
                         const ReferenceSummary* const summary)
{
  const double middle = (low + high) / 2.0;
  return fmin(0.0, middle - summary->low_pitch) +
         fmax(0.0, middle - summary->high_pitch);
}

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
  double low  = 0.0;
  double high = 0.0;
  if (is_absent(song)) {
    return WARNING_ABSENT;
  }
  if (summary && summary->low_pitch > 0.0F &&
      song_register(song, CHECK_REGISTER_S, &low, &high)) {
    const double distance = reference_check_distance(low, high, summary);
    if (fabs(distance) > CHECK_MAX_SEMITONES) {
      return distance < 0.0 ? WARNING_LOWER : WARNING_HIGHER;
    }
  }
  return WARNING_NONE;
}

/// Return for how long something has to be the case before it is shown
static double
patience_of(const Warning warning)
{
  switch (warning) {
    case WARNING_NONE:
      return CHECK_END_S;
    case WARNING_ABSENT:
      return 0.0; // what is looked at is long enough
    default:
      return CHECK_REGISTER_S;
  }
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
  if (check->candidate_s >= patience_of(now)) {
    check->warning = now;
  }
  return check->warning;
}
