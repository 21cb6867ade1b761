/* SPDX-License-Identifier: GPL-3.0-or-later

   The last minute of a stream as the window shows it: columns, in the order of their
   frames, and where in them the output is now.

   A *position* is a frame without the stretches in which the host stood and nothing
   sounded: these are left out, so that the picture stands with the host.  Positions
   begin at 0 with the first column of a stream.

   Pure: time is an argument.  For one thread. */

#pragma once

#include "core/scope.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  SONG_S           = 60,  ///< Seconds that are kept
  SONG_MAX_COLUMNS = 4096 ///< That are kept
};

/// The columns of one stream
typedef struct SongImpl Song;

/// A column and its position
typedef struct {
  double position; ///< Frames, at which it begins
  bool   is_next;  ///< It goes on where the one before it ended, in the same sound
  Column column;
} SongColumn;

/// Mean squares of a stretch
typedef struct {
  double mixture;
  double extracted;
  double rest; ///< The mixture minus the extracted sound
} SongPowers;

/// Return a song without columns, or NULL
Song*
song_new(void);

/// Free a song; may be NULL
void
song_free(Song* song);

/// Take the clock as read at a time in seconds, of any clock that never runs backwards.
/// Another stream begins the song anew.  Call it once a tick, before `song_add`.
void
song_advance(Song* song, const ScopeClock* clock, double now_s);

/// Add columns that `scope_read` gave, in their order.  Frames that run backwards are
/// of another stream, and begin the song anew.
void
song_add(Song* song, const Column* columns, uint32_t n);

/// Return a number that changes when the song begins anew
uint32_t
song_generation(const Song* song);

/// Return the rate in Hz, or 0 before the first stream
double
song_sample_rate(const Song* song);

/// Return how many columns there are
uint32_t
song_n_columns(const Song* song);

/// Return a column; the oldest is 0
const SongColumn*
song_column(const Song* song, uint32_t index);

/// Return the index of the last column that begins at a position or before, or -1
int32_t
song_index(const Song* song, double position);

/// Return the frame of the input that is recorded now, estimated between the worker's
/// reports; never runs backwards within a stream
double
song_input_frame(const Song* song);

/// Return the frame of the input that the output plays now, may be negative
double
song_play_frame(const Song* song);

/// Return the position that the output plays now, may be negative; never runs backwards
/// within a stream
double
song_play_position(const Song* song);

/// Return the mean powers from one frame to a later one, or zeros where nothing is
/// known
SongPowers
song_powers(const Song* song, double from, double to);

/// Return the power of a sum of the extracted sound and the rest, each with a gain of
/// amplitude.  Output with an amount a is 1, 1 - a; what that removes is 0, a.
double
song_power_of_sum(SongPowers powers, double extracted_gain, double rest_gain);

/// Return the next downbeat after a frame, extrapolated from the last ones if it is not
/// known yet, or -1
double
song_next_downbeat(const Song* song, double frame);

/// Return the tempo at a frame in quarter notes per minute, or the last one known, or 0
double
song_tempo(const Song* song, double frame);
