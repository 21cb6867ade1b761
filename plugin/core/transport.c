/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/transport.h"

#include <math.h>
#include <string.h>

static const double JUMP_S  = 0.02;  // further from where it was foreseen: a jump
static const double DRIFT_S = 0.001; // further: the same way, but sent again

enum { MIN_TEMPO = 20, MAX_TEMPO = 400, MAX_BEATS = 64, MAX_UNIT = 32 };

static bool
is_usable(const Transport* const now)
{
  return now && now->is_playing && isfinite(now->quarter) &&
         now->tempo_bpm >= MIN_TEMPO && now->tempo_bpm <= MAX_TEMPO;
}

/// Return quarter notes that pass in so many frames
static double
quarters_in(const double n_frames, const double tempo_bpm, const double sample_rate)
{
  return n_frames * tempo_bpm / (60.0 * sample_rate);
}

/// Fill in the metre and a bar, by the host's word where that makes sense
static void
find_bar(HostPosition* const position, const Transport* const now)
{
  const bool has_meter = now->beats_per_bar > 0 && now->beats_per_bar <= MAX_BEATS &&
                         now->beat_unit > 0 && now->beat_unit <= MAX_UNIT;
  position->beats_per_bar = has_meter ? now->beats_per_bar : 4;
  position->beat_unit     = has_meter ? now->beat_unit : 4;

  // Some hosts number bars here; the song's start is then all there is to go by
  const double bar      = 4.0 * position->beats_per_bar / position->beat_unit;
  const double since    = now->quarter - now->bar_quarter;
  const bool   has_bar  = isfinite(since) && since > -1e-6 && since < bar + 1e-6;
  position->bar_quarter = has_bar ? now->bar_quarter : 0.0;
}

/// Return the position of the input, which a loop has sent back before the output's
static double
quarter_of(const Transport* const now, const double sample_rate)
{
  const double ahead  = quarters_in(now->n_ahead, now->tempo_bpm, sample_rate);
  const double length = now->loop_end - now->loop_start;
  const double moved  = now->quarter + ahead;
  return now->n_ahead && now->is_looping && length > 0.0 && moved >= now->loop_end
           ? now->loop_start + fmod(moved - now->loop_start, length)
           : moved;
}

static HostPosition
position_of(const Transport* const now, const double sample_rate)
{
  HostPosition position = {.is_known  = 1,
                           .quarter   = quarter_of(now, sample_rate),
                           .tempo_bpm = now->tempo_bpm};
  find_bar(&position, now);
  return position;
}

/// Return whether two positions put bars at the same places
static bool
same_bars(const HostPosition* const one, const HostPosition* const other)
{
  if (one->beats_per_bar != other->beats_per_bar ||
      one->beat_unit != other->beat_unit) {
    return false;
  }
  const double bar  = 4.0 * one->beats_per_bar / one->beat_unit;
  const double bars = (one->bar_quarter - other->bar_quarter) / bar;
  return fabs(bars - round(bars)) * bar < 1e-3;
}

/// Take a position for what is known from here on
static void
take(TransportFollower* const follower, const HostPosition position)
{
  follower->position = position;
  follower->n_since  = 0;
}

/// Return the position at this block, if the host goes on as it did
static double
foresee(const TransportFollower* const follower, const double sample_rate)
{
  const HostPosition* const old = &follower->position;
  return old->quarter +
         quarters_in((double)follower->n_since, old->tempo_bpm, sample_rate);
}

/// The host does not play, or cannot be believed
static TransportEvent
lose(TransportFollower* const follower, const bool stopped, const double sample_rate)
{
  if (!follower->position.is_known) {
    return TRANSPORT_SAME;
  }
  follower->left_at    = foresee(follower, sample_rate);
  follower->has_played = true;
  take(follower, (HostPosition){.is_seam = stopped});
  return TRANSPORT_CHANGED;
}

/// The host has begun to play, maybe elsewhere than where it stopped
static TransportEvent
begin(TransportFollower* const follower, const Transport* const now, const double rate)
{
  const double near     = quarters_in(JUMP_S * rate, now->tempo_bpm, rate);
  HostPosition position = position_of(now, rate);
  position.is_seam      = 1;
  take(follower, position);
  return follower->has_played && fabs(position.quarter - follower->left_at) > near
           ? TRANSPORT_JUMP
           : TRANSPORT_CHANGED;
}

/// Return whether the input has gone back to where its loop starts
static bool
has_looped(const Transport* const now,
           const double           before,
           const double           quarter,
           const double           near)
{
  return now->is_looping && quarter >= now->loop_start - near &&
         quarter < now->loop_end && before > now->loop_end - near;
}

/// The host plays on: as foreseen, at another tempo, or from elsewhere
static TransportEvent
go_on(TransportFollower* const follower, const Transport* const now, const double rate)
{
  const HostPosition* const old      = &follower->position;
  HostPosition              position = position_of(now, rate);

  const double foreseen = foresee(follower, rate);
  const double speed    = fmax(now->tempo_bpm, old->tempo_bpm);
  const double off_s    = fabs(position.quarter - foreseen) * 60.0 / speed;
  const bool   changed  = fabs(now->tempo_bpm - old->tempo_bpm) > 1e-6 * speed;

  // While a tempo slides, a block's position is not what its first tempo foresees
  if (off_s > (changed ? 5.0 * JUMP_S : JUMP_S)) {
    const double near = quarters_in(JUMP_S * rate, speed, rate);
    position.is_seam  = 1;
    take(follower, position);
    return has_looped(now, foreseen, position.quarter, near) ? TRANSPORT_CHANGED
                                                             : TRANSPORT_JUMP;
  }
  if (changed || off_s > DRIFT_S || !same_bars(&position, old)) {
    take(follower, position);
    return TRANSPORT_CHANGED;
  }
  return TRANSPORT_SAME;
}

TransportEvent
transport_follow(TransportFollower* const follower,
                 const Transport* const   now,
                 const uint32_t           n_frames,
                 const double             sample_rate)
{
  follower->n_since += n_frames;
  if (!is_usable(now)) {
    follower->was_usable = false;
    return lose(follower, true, sample_rate);
  }

  // A host that says that it plays but gives one position for ever is not believed
  const bool moved = fabs(now->quarter - follower->quarter) > 1e-9;
  follower->stands =
    follower->was_usable && n_frames > 0 ? !moved : follower->stands && !moved;
  TransportEvent event = TRANSPORT_SAME;
  if (follower->stands) {
    event = lose(follower, false, sample_rate);
  } else if (!follower->position.is_known) {
    event = begin(follower, now, sample_rate);
  } else {
    event = go_on(follower, now, sample_rate);
  }
  follower->quarter    = now->quarter;
  follower->was_usable = true;
  return event;
}
