/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/song.h"

#include "editor/play_clock.h"
#include "editor/standstill.h"

#include <math.h>
#include <stdlib.h>

enum {
  N_DOWNBEATS = 5, ///< From which the next ones are extrapolated
  MAX_BARS    = 8  ///< By which they are
};

static const double MAX_UNEVEN = 0.2; // by which a bar may differ from the others

struct SongImpl {
  uint32_t   generation;
  ScopeClock setup; ///< As last seen
  PlayClock  clock;
  Standstill standstill;
  double     play_position;

  uint32_t first; ///< Index of the oldest column
  uint32_t n_columns;
  bool     is_first_left_out; ///< The host stood before the first column
  bool     is_leaving_out;    ///< The last column was left out
  uint64_t end_frame;         ///< Behind the last column, kept or not
  double   end_position;      ///< Behind the last that was kept

  SongColumn columns[SONG_MAX_COLUMNS];
};

Song*
song_new(void)
{
  return (Song*)calloc(1, sizeof(Song));
}

void
song_free(Song* const song)
{
  free(song);
}

/// Begin anew
static void
clear(Song* const song)
{
  ++song->generation;
  song->first             = 0;
  song->n_columns         = 0;
  song->is_first_left_out = false;
  song->is_leaving_out    = false;
  song->end_frame         = 0;
  song->end_position      = 0;
  song->play_position     = 0;
}

const SongColumn*
song_column(const Song* const song, const uint32_t index)
{
  return &song->columns[(song->first + index) % SONG_MAX_COLUMNS];
}

/// Return the index of the last column that begins at a frame or before, or at a
/// position, or -1
static int32_t
find_column(const Song* const song, const double value, const bool by_position)
{
  uint32_t low  = 0;
  uint32_t high = song->n_columns;
  while (low < high) {
    const uint32_t          middle = (low + high) / 2;
    const SongColumn* const column = song_column(song, middle);
    const double start = by_position ? column->position : (double)column->column.frame;
    if (start <= value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (int32_t)low - 1;
}

static int32_t
index_of_frame(const Song* const song, const double frame)
{
  return find_column(song, frame, false);
}

/// Return the position of a frame
static double
position_of(const Song* const song, const double frame)
{
  const int32_t index = index_of_frame(song, frame);
  if (index < 0) {
    const SongColumn* const next   = song_column(song, 0);
    const double            before = (double)next->column.frame - frame;
    return song->is_first_left_out ? next->position : next->position - before;
  }
  const SongColumn* const column = song_column(song, (uint32_t)index);
  const double position = column->position + frame - (double)column->column.frame;
  if ((uint32_t)index + 1 < song->n_columns) {
    return fmin(position, song_column(song, (uint32_t)index + 1)->position);
  }
  return song->is_leaving_out ? fmin(position, song->end_position) : position;
}

void
song_advance(Song* const song, const ScopeClock* const clock, const double now_s)
{
  if (clock->stream != song->setup.stream) {
    clear(song);
    song->clock      = play_clock_new(clock->sample_rate);
    song->standstill = (Standstill){.n_changes = 0};
  }
  standstill_advance(&song->standstill, clock);
  song->setup = *clock;
  play_clock_advance(&song->clock, clock->n_received, now_s);
  if (song->n_columns) {
    song->play_position =
      fmax(song->play_position, position_of(song, song_play_frame(song)));
  }
}

/// Drop the oldest columns
static void
drop_old(Song* const song)
{
  const double min_position = song->end_position - SONG_S * song_sample_rate(song);
  while (song->n_columns == SONG_MAX_COLUMNS ||
         (song->n_columns && song_column(song, 0)->position < min_position)) {
    song->first = (song->first + 1) % SONG_MAX_COLUMNS;
    --song->n_columns;
    song->is_first_left_out = false;
  }
}

/// Add a column behind the others
static void
add(Song* const song, const Column* const column)
{
  const bool was_left_out = song->is_leaving_out;
  song->is_leaving_out =
    standstill_has(&song->standstill, column, song_sample_rate(song), !song->n_columns);
  if (song->is_leaving_out) {
    song->is_first_left_out = song->is_first_left_out || !song->n_columns;
    song->end_frame         = column->frame + column->n_frames;
    return;
  }
  const bool     is_first = !song->n_columns;
  const uint64_t gap      = is_first ? 0 : column->frame - song->end_frame;
  const double   position = song->end_position + (double)gap;
  song->end_frame         = column->frame + column->n_frames;
  song->end_position      = position + column->n_frames;
  drop_old(song);

  const bool is_next =
    !is_first && !gap && !was_left_out && !(column->marks & MARK_SEAM);
  const uint32_t index = (song->first + song->n_columns++) % SONG_MAX_COLUMNS;
  song->columns[index] = (SongColumn){position, is_next, *column};
  if (is_first) { // whatever was said before there was a picture
    song->play_position = position_of(song, song_play_frame(song));
  }
}

void
song_add(Song* const song, const Column* const columns, const uint32_t n)
{
  for (uint32_t i = 0; i < n; ++i) {
    if (columns[i].frame < song->end_frame) {
      clear(song);
    }
    if (columns[i].n_frames) {
      add(song, &columns[i]);
    }
  }
}

uint32_t
song_generation(const Song* const song)
{
  return song->generation;
}

double
song_sample_rate(const Song* const song)
{
  return song->setup.sample_rate;
}

uint32_t
song_n_columns(const Song* const song)
{
  return song->n_columns;
}

int32_t
song_index(const Song* const song, const double position)
{
  return find_column(song, position, true);
}

double
song_input_frame(const Song* const song)
{
  return song->clock.frame;
}

double
song_play_frame(const Song* const song)
{
  return song->clock.frame - song->setup.latency_frames;
}

double
song_play_position(const Song* const song)
{
  return song->play_position;
}

SongPowers
song_powers(const Song* const song, const double from, const double to)
{
  SongPowers    sum   = {0, 0, 0};
  double        n     = 0;
  const int32_t start = index_of_frame(song, from);
  for (uint32_t i = start < 0 ? 0 : (uint32_t)start; i < song->n_columns; ++i) {
    const Column* const column = &song_column(song, i)->column;
    const double        begin  = (double)column->frame;
    const double        end    = begin + column->n_frames;
    if (begin >= to) {
      break;
    }
    const double weight = fmin(end, to) - fmax(begin, from);
    if (weight > 0) {
      sum.mixture += weight * (double)column->mixture_power;
      sum.extracted += weight * (double)column->extracted_power;
      sum.rest += weight * (double)column->rest_power;
      n += weight;
    }
  }
  return n > 0 ? (SongPowers){sum.mixture / n, sum.extracted / n, sum.rest / n} : sum;
}

double
song_power_of_sum(const SongPowers powers,
                  const double     extracted_gain,
                  const double     rest_gain)
{
  const double product = (powers.mixture - powers.extracted - powers.rest) / 2;
  return fmax(0,
              extracted_gain * extracted_gain * powers.extracted +
                rest_gain * rest_gain * powers.rest +
                2 * extracted_gain * rest_gain * product);
}

/// Write the last downbeats of unbroken sound, the last one first; return how many
static uint32_t
last_downbeats(const Song* const song, double frames[N_DOWNBEATS])
{
  uint32_t n = 0;
  for (uint32_t i = song->n_columns; i-- > 0 && n < N_DOWNBEATS;) {
    const SongColumn* const column = song_column(song, i);
    if (column->column.marks & MARK_BAR) {
      frames[n++] = (double)column->column.frame + column->column.n_frames / 2.0;
    }
    if (!column->is_next) {
      break;
    }
  }
  return n;
}

/// Return the length of a bar by the last downbeats, or 0
static double
bar_length(const double* const frames, const uint32_t n)
{
  // The last bars whose lengths are alike: a song may change its tempo
  uint32_t n_bars = 0;
  while (n_bars + 1 < n &&
         fabs(frames[n_bars] - frames[n_bars + 1] - (frames[0] - frames[1])) <
           MAX_UNEVEN * (frames[0] - frames[1])) {
    ++n_bars;
  }
  return n_bars ? (frames[0] - frames[n_bars]) / n_bars : 0;
}

double
song_next_downbeat(const Song* const song, const double frame)
{
  for (int32_t i = index_of_frame(song, frame); i < (int32_t)song->n_columns; ++i) {
    const Column* const column = &song_column(song, i < 0 ? 0 : (uint32_t)i)->column;
    const double        middle = (double)column->frame + column->n_frames / 2.0;
    if (column->marks & MARK_BAR && middle > frame) {
      return middle;
    }
  }
  double         frames[N_DOWNBEATS] = {0};
  const uint32_t n                   = last_downbeats(song, frames);
  const double   length              = bar_length(frames, n);
  if (length <= 0) {
    return -1;
  }
  const double n_bars = floor((frame - frames[0]) / length) + 1;
  return n_bars <= MAX_BARS ? frames[0] + n_bars * length : -1;
}

double
song_tempo(const Song* const song, const double frame)
{
  for (int32_t i = index_of_frame(song, frame); i >= 0; --i) {
    const float tempo_bpm = song_column(song, (uint32_t)i)->column.tempo_bpm;
    if (tempo_bpm > 0) {
      return (double)tempo_bpm;
    }
  }
  return 0;
}
