/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "editor/play_clock.h"
#include "editor/song.h"

#include <math.h>
#include <string.h>

enum { RATE = 1000, N_MAX = 3000 };

/// A song as it should be, one entry for each column kept
typedef struct {
  uint32_t   n;
  SongColumn columns[N_MAX];
} Truth;

static Truth truth;

/// Return where a stream is
static ScopeClock
clock_at(const uint64_t n_received, const bool is_playing)
{
  return (ScopeClock){1, RATE, 3000, n_received, is_playing};
}

/// Return a column of random sound
static Column
random_column(unsigned* const seed, const uint64_t frame)
{
  Column column          = {.frame     = frame,
                            .n_frames  = 10 + draw(seed) % 30,
                            .tempo_bpm = draw(seed) % 4 ? 0 : (float)(60 + draw(seed) % 100)};
  column.mixture_power   = (float)(1 + draw(seed) % 1000) / 1000;
  column.extracted_power = (float)(draw(seed) % 1000) / 1000;
  column.rest_power      = (float)(draw(seed) % 1000) / 1000;
  return column;
}

/// Return the column of the truth that holds a frame, or NULL
static const Column*
column_of(const double frame)
{
  for (uint32_t i = 0; i < truth.n; ++i) {
    const Column* const column = &truth.columns[i].column;
    if (frame >= (double)column->frame &&
        frame < (double)(column->frame + column->n_frames)) {
      return column;
    }
  }
  return NULL;
}

/// Fill a song, and the truth with what is to be kept of it
static void
fill(Song* const song, unsigned* const seed)
{
  const ScopeClock clock    = clock_at(0, true);
  uint64_t         frame    = draw(seed) % 1000;
  double           position = 0;
  truth.n                   = 0;
  song_advance(song, &clock, 0);
  while (position < 40 * RATE) {
    const bool     is_lost = truth.n && draw(seed) % 20 == 0;
    const uint32_t gap     = is_lost ? 1 + draw(seed) % 500 : 0;
    Column         column  = random_column(seed, frame + gap);
    const bool     is_seam = draw(seed) % 30 == 0;
    column.marks           = is_seam ? MARK_SEAM : 0;
    position += gap;
    truth.columns[truth.n] =
      (SongColumn){position, truth.n && !is_lost && !is_seam, column};
    ++truth.n;
    position += column.n_frames;
    frame = column.frame + column.n_frames;
    song_add(song, &column, 1);
  }
}

static void
test_has_its_columns(void)
{
  for (unsigned turn = 1; turn < 20; ++turn) {
    unsigned    seed = turn;
    Song* const song = song_new();
    CHECK(song && !song_n_columns(song) && song_index(song, 0) == -1);
    CHECK(song_tempo(song, 5) <= 0);
    fill(song, &seed);
    CHECK(song_n_columns(song) == truth.n);
    for (uint32_t i = 0; i < truth.n; ++i) {
      const SongColumn* const column = song_column(song, i);
      CHECK(column->position == truth.columns[i].position);
      CHECK(column->is_next == truth.columns[i].is_next);
      CHECK(!memcmp(&column->column, &truth.columns[i].column, sizeof(Column)));
      CHECK(song_index(song, column->position) == (int32_t)i);
      CHECK(song_index(song, column->position - 0.5) == (int32_t)i - 1);
    }
    song_free(song);
  }
}

static void
test_powers_are_means_over_frames(void)
{
  unsigned    seed = 9;
  Song* const song = song_new();
  fill(song, &seed);
  for (int turn = 0; turn < 300; ++turn) {
    const uint64_t from = draw(&seed) % 40000;
    const uint64_t to   = from + 1 + draw(&seed) % 200;
    SongPowers     sum  = {0, 0, 0};
    double         n    = 0;
    for (uint64_t frame = from; frame < to; ++frame) {
      const Column* const column = column_of((double)frame);
      if (column) {
        sum.mixture += (double)column->mixture_power;
        sum.extracted += (double)column->extracted_power;
        sum.rest += (double)column->rest_power;
        ++n;
      }
    }
    n                       = n > 0 ? n : 1;
    const SongPowers powers = song_powers(song, (double)from, (double)to);
    CHECK(fabs(powers.mixture - sum.mixture / n) < 1e-9);
    CHECK(fabs(powers.extracted - sum.extracted / n) < 1e-9);
    CHECK(fabs(powers.rest - sum.rest / n) < 1e-9);
  }
  song_free(song);
}

static void
test_power_of_a_sum(void)
{
  enum { N = 500 };
  unsigned seed = 21;
  for (int turn = 0; turn < 50; ++turn) {
    double     extracted[N];
    double     rest[N];
    SongPowers powers = {0, 0, 0};
    for (int i = 0; i < N; ++i) {
      const double common = draw(&seed) % 2000 / 1000.0 - 1; // so that they correlate
      extracted[i]        = draw(&seed) % 2000 / 1000.0 - 1 + common;
      rest[i]             = draw(&seed) % 2000 / 1000.0 - 1 - common * (turn % 3 - 1);
      powers.extracted += extracted[i] * extracted[i] / N;
      powers.rest += rest[i] * rest[i] / N;
      powers.mixture += (extracted[i] + rest[i]) * (extracted[i] + rest[i]) / N;
    }
    for (int gains = 0; gains < 121; ++gains) {
      const double one   = gains % 11 / 10.0;
      const double other = gains / 11 / 10.0;
      double       sum   = 0;
      for (int i = 0; i < N; ++i) {
        const double value = one * extracted[i] + other * rest[i];
        sum += value * value / N;
      }
      CHECK(fabs(song_power_of_sum(powers, one, other) - sum) < 1e-9);
    }
  }
  CHECK(song_power_of_sum((SongPowers){0, 1, 1}, 1, 1) >= 0);
}

static void
test_tempo_is_the_last_one_known(void)
{
  unsigned    seed = 31;
  Song* const song = song_new();
  fill(song, &seed);
  for (int turn = 0; turn < 500; ++turn) {
    const double frame = draw(&seed) % 50000;
    double       tempo = 0;
    for (uint32_t i = 0; i < truth.n; ++i) {
      const Column* const column = &truth.columns[i].column;
      if ((double)column->frame <= frame && column->tempo_bpm > 0) {
        tempo = (double)column->tempo_bpm;
      }
    }
    CHECK(song_tempo(song, frame) == tempo);
  }
  song_free(song);
}

/// Compare two pitches for sorting
/// Add columns of steady beats; return the frame behind them
static uint64_t
add_bars(Song* const song, const uint64_t start, const double bar, const int n_bars)
{
  enum { N_FRAMES = 23 };
  uint64_t frame = start;
  double   next  = (double)start;
  int      n     = 0;
  while (n < n_bars) {
    Column column = {.frame = frame, .n_frames = N_FRAMES, .mixture_power = 0.1F};
    if (next < (double)(frame + N_FRAMES)) {
      column.marks = MARK_BAR | MARK_BEAT;
      next += bar;
      ++n;
    }
    song_add(song, &column, 1);
    frame += N_FRAMES;
  }
  return frame;
}

static void
test_extrapolates_downbeats(void)
{
  for (double bar = 900; bar < 4000; bar += 131.7) {
    Song* const      song  = song_new();
    const ScopeClock clock = clock_at(0, true);
    song_advance(song, &clock, 0);
    CHECK(song_next_downbeat(song, 0) < 0);
    const uint64_t second = add_bars(song, 500, bar, 1);
    CHECK(song_next_downbeat(song, (double)second) < 0); // one bar line has no length
    song_free(song);

    Song* const longer = song_new();
    song_advance(longer, &clock, 0);
    const double end = (double)add_bars(longer, 500, bar, 6);
    for (double frame = 0; frame < end + 6 * bar; frame += 97) {
      const double ahead = fmax(0, ceil((frame - 500) / bar)) * bar + 500 - frame;
      const double guess = song_next_downbeat(longer, frame) - frame;
      CHECK(guess > 0);
      // Columns are 23 frames; beside a downbeat either side of it is right
      const double off = fabs(guess - ahead);
      CHECK(off < 60 || fabs(off - bar) < 60);
    }
    CHECK(song_next_downbeat(longer, end + 20 * bar) < 0); // that is no knowledge

    // A seam, and bars of another length: only those count
    Column seam = {.frame         = (uint64_t)end,
                   .n_frames      = 23,
                   .marks         = MARK_SEAM,
                   .mixture_power = 0.1F};
    song_add(longer, &seam, 1);
    const uint64_t start = (uint64_t)end + 23;
    const double   other = (double)add_bars(longer, start, 1.6 * bar, 4);
    const double   guess = song_next_downbeat(longer, other + 10);
    CHECK(fabs(guess - ((double)start + 4 * 1.6 * bar)) < 60);
    song_free(longer);

    // A seam that moves the bars by a little: it is no bar of another length
    Song* const  moved = song_new();
    const double unit  = 2 * bar;
    song_advance(moved, &clock, 0);
    const uint64_t cut     = add_bars(moved, 0, unit, 3) + 20;
    seam.frame             = cut;
    const uint64_t resumed = cut + (uint64_t)(1.12 * unit);
    const double   silence = (double)(resumed - cut);
    for (double offset = 0; offset < silence - 23; offset += 23) {
      seam.frame = cut + (uint64_t)offset;
      song_add(moved, &seam, 1);
      seam.marks = 0;
    }
    const double end_of_bars = (double)add_bars(moved, resumed, unit, 3);
    CHECK(fabs(song_next_downbeat(moved, end_of_bars) - ((double)resumed + 3 * unit)) <
          40);
    song_free(moved);
  }
}

static void
test_is_bounded(void)
{
  static const uint32_t lengths[] = {5, 20, 100};
  for (int i = 0; i < 3; ++i) {
    Song* const      song  = song_new();
    const ScopeClock clock = clock_at(0, true);
    song_advance(song, &clock, 0);
    for (uint32_t j = 0; j < 20000; ++j) {
      const Column column = {
        .frame = (uint64_t)j * lengths[i], .n_frames = lengths[i], .mixture_power = 1};
      song_add(song, &column, 1);
    }
    const double n_in_time = (double)SONG_S * RATE / lengths[i];
    const double expected  = fmin(n_in_time, SONG_MAX_COLUMNS);
    CHECK(fabs(song_n_columns(song) - expected) <= 1);
    const SongColumn* const last = song_column(song, song_n_columns(song) - 1);
    CHECK(last->column.frame == 19999ULL * lengths[i]);
    CHECK(last->position == 19999.0 * lengths[i]);
    song_free(song);
  }
}

static void
test_begins_anew(void)
{
  unsigned    seed = 2;
  Song* const song = song_new();
  fill(song, &seed);
  const uint32_t   generation = song_generation(song);
  const ScopeClock other      = {2, 2 * RATE, 100, 50, true};
  song_advance(song, &other, 1);
  CHECK(song_generation(song) != generation && !song_n_columns(song));
  CHECK(song_sample_rate(song) == 2 * RATE && song_play_frame(song) == -50);

  // Frames that run backwards
  Column column = random_column(&seed, 5000);
  song_add(song, &column, 1);
  column.frame = 4000;
  song_add(song, &column, 1);
  CHECK(song_n_columns(song) == 1 && song_column(song, 0)->column.frame == 4000);
  song_free(song);
}

static void
test_stands_with_the_host(void)
{
  enum { N_FRAMES = 20 };
  // Silence, sound, a long rest while playing, sound, then the host stops for long with
  // a little sound in between, then it plays on.  Columns come 2 s late.
  static const struct {
    uint32_t seconds;
    bool     is_playing;
    bool     has_sound;
    double   n_kept_s;
  } parts[] = {{4, false, false, 0},
               {6, true, true, 6},
               {5, true, false, 5},
               {3, true, true, 3},
               {7, false, false, 1},
               {1, false, true, 1},
               {5, false, false, 1},
               {4, true, true, 4},
               {1, false, false, 1}};

  Song* const song         = song_new();
  double      kept_s       = 0;
  double      now_s        = 0;
  double      last         = -INFINITY;
  uint64_t    frame        = 0;
  uint64_t    n_received   = 0;
  int         n_standing   = 0;
  bool        part_of[600] = {0};
  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); ++i) {
    kept_s += parts[i].n_kept_s;
    for (uint32_t j = 0; j < parts[i].seconds * RATE / N_FRAMES; ++j) {
      part_of[n_received / 100] = parts[i].has_sound;
      n_received += N_FRAMES;
      now_s += (double)N_FRAMES / RATE;
      const ScopeClock clock = clock_at(n_received, parts[i].is_playing);
      song_advance(song, &clock, now_s);
      while (frame + 2 * RATE < n_received) {
        const float  power  = part_of[frame / 100] ? 0.1F : 1e-10F;
        const Column column = {
          .frame = frame, .n_frames = N_FRAMES, .mixture_power = power};
        song_add(song, &column, 1);
        frame += N_FRAMES;
      }
      if (song_n_columns(song)) {
        CHECK(song_play_position(song) >= last);
        n_standing += song_play_position(song) <= last;
        last = song_play_position(song);
      }
    }
  }
  // The columns of the last two seconds have not come
  const double kept = song_n_columns(song) * (double)N_FRAMES / RATE;
  CHECK(fabs(kept - (kept_s - 2)) < 0.1);
  const SongColumn* const end = song_column(song, song_n_columns(song) - 1);
  CHECK(fabs((end->position + N_FRAMES) / RATE - kept) < 1e-9); // no gaps between
  for (uint32_t i = 1; i < song_n_columns(song); ++i) {
    const SongColumn* const one   = song_column(song, i - 1);
    const SongColumn* const other = song_column(song, i);
    CHECK(other->is_next == (other->column.frame == one->column.frame + N_FRAMES));
  }
  CHECK(fabs(n_standing * (double)N_FRAMES / RATE - 10) < 2.5); // 6 and 4 left out
  song_free(song);
}

/// How a worker reports
typedef struct {
  double period_s; ///< Between reports
  double stall_s;  ///< For which it reports nothing, once in each `every_s`
  double every_s;
} Reports;

static void
test_play_clock(void)
{
  static const Reports reports[] = {
    {0.0233, 0, 1}, {0.1, 0, 1}, {0.0233, 0.3, 2}, {0.05, 0.6, 3}, {0.5, 0, 1}};
  for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); ++i) {
    const Reports r          = reports[i];
    PlayClock     clock      = play_clock_new(RATE);
    double        last       = 0;
    double        largest    = 0;
    double        max_jump   = 0;
    uint64_t      n_reported = 0;
    for (int tick = 0; tick < 40 * 30; ++tick) {
      const double now_s   = tick / 30.0;
      const bool   stops   = now_s > 30;
      const double sound_s = floor((stops ? 30 : now_s) / r.period_s) * r.period_s;
      const bool   stalls  = fmod(now_s, r.every_s) < r.stall_s;
      const double n       = floor(sound_s * RATE);
      if (!stalls && n > (double)n_reported) {
        largest    = fmax(largest, n - (double)n_reported);
        n_reported = (uint64_t)n;
      }
      play_clock_advance(&clock, n_reported, now_s + 1000);
      CHECK(clock.frame >= last);
      CHECK(clock.frame <= (double)n_reported + largest);
      if (now_s > 6 && !stops) { // it has seen how the worker reports
        const double late_s = r.period_s + r.stall_s;
        CHECK(fabs(clock.frame - now_s * RATE) < (late_s + 0.05) * RATE);
        max_jump = fmax(max_jump, fabs(clock.frame - last - RATE / 30.0));
      }
      if (now_s > 33) {
        CHECK(clock.frame == last);
      }
      last = clock.frame;
    }
    CHECK(max_jump < 0.015 * RATE); // it runs evenly: half a tick more or less
  }
}

static void
test_play_clock_catches_up_smoothly(void)
{
  // The first report is late by 0.4 s, all others are in time
  PlayClock clock = play_clock_new(RATE);
  double    last  = 0;
  for (int tick = 0; tick < 150; ++tick) {
    const double sound_s = tick ? tick / 30.0 + 0.4 : 0;
    play_clock_advance(&clock, (uint64_t)(sound_s * RATE), tick / 30.0);
    CHECK(clock.frame - last < 2 * RATE / 30.0);
    CHECK(tick < 90 || fabs(clock.frame - sound_s * RATE) < 0.01 * RATE);
    last = clock.frame;
  }
}

static void
test_play_clock_follows_what_is_faster(void)
{
  PlayClock clock = play_clock_new(RATE);
  for (int tick = 0; tick < 300; ++tick) { // at 20 times the speed of sound
    const uint64_t n = (uint64_t)tick * RATE * 20 / 30;
    play_clock_advance(&clock, n, tick / 30.0);
    CHECK(clock.frame > (double)n - 1.1 * RATE && clock.frame <= (double)n + RATE);
  }
}

int
main(void)
{
  test_has_its_columns();
  test_powers_are_means_over_frames();
  test_power_of_a_sum();
  test_tempo_is_the_last_one_known();
  test_extrapolates_downbeats();
  test_is_bounded();
  test_begins_anew();
  test_stands_with_the_host();
  test_play_clock();
  test_play_clock_catches_up_smoothly();
  test_play_clock_follows_what_is_faster();
  song_free(NULL);
  return 0;
}
