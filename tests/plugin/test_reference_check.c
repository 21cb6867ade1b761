/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "editor/countdown.h"
#include "editor/reference_check.h"

#include <math.h>
#include <string.h>

enum {
  RATE      = 44100,
  HOP       = 1470,
  BEAT      = 15,
  LATENCY_S = 5
}; // 120 bpm: 15 columns a beat

/// A song that plays, by columns
typedef struct {
  Song*    song;
  uint32_t n_columns;
  uint32_t stream;
} Player;

static Player
start_song(const uint32_t stream)
{
  Player player = {song_new(), 0, stream};
  CHECK(player.song);
  return player;
}

/// What a column is like
typedef struct {
  double register_shift;
  double mixture_db;
  double extracted_db;
  bool   has_beats;
} Sound;

/// Play a column, with everything separated at once
static void
play_column(Player* const player, const Sound* const sound)
{
  const uint32_t   i      = player->n_columns++;
  const ScopeClock clock  = {.stream         = player->stream,
                             .sample_rate    = RATE,
                             .latency_frames = LATENCY_S * RATE,
                             .n_received     = (uint64_t)(i + 1) * HOP,
                             .is_playing     = true};
  Column           column = {.frame         = (uint64_t)i * HOP,
                             .n_frames      = HOP,
                             .mixture_power = (float)pow(10.0, sound->mixture_db / 10.0),
                             .extracted_power = (float)pow(10.0, sound->extracted_db / 10.0),
                             .register_shift = (float)sound->register_shift,
                             .tempo_bpm      = sound->has_beats ? 120.0F : 0.0F,
                             .marks          = !sound->has_beats || i % BEAT ? 0
                                               : i % (4 * BEAT)              ? MARK_BEAT
                                                                : MARK_BEAT | MARK_BAR};
  song_advance(player->song, &clock, (double)(i + 1) * HOP / RATE);
  song_add(player->song, &column, 1);
}

/// Play so many seconds, and return the last warning
static Warning
play(Player* const           player,
     ReferenceCheck* const   check,
     const Sound* const      sound,
     const ReferenceSummary* summary,
     const double            seconds)
{
  Warning warning = WARNING_NONE;
  for (int i = 0; i < seconds * RATE / HOP; ++i) {
    play_column(player, sound);
    warning = reference_check_update(check, player->song, summary, 1);
  }
  return warning;
}

static void
test_register(void)
{
  static const struct {
    double  register_shift;
    Warning warning;
  } cases[] = {{-15.0, WARNING_LOWER}, {0.0, WARNING_NONE}, {11.5, WARNING_HIGHER}};
  const ReferenceSummary pitched   = {.low_pitch = 52.0F, .high_pitch = 71.0F};
  const ReferenceSummary unpitched = {.low_pitch = 0.0F};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    const Sound    sound  = {cases[i].register_shift, -20.0, -25.0, true};
    ReferenceCheck check  = {.warning = WARNING_NONE};
    Player         player = start_song(1);
    // Not before it has lasted
    CHECK(play(&player, &check, &sound, &pitched, CHECK_LASTS_S) == WARNING_NONE);
    CHECK(play(&player, &check, &sound, &pitched, 20.0) == cases[i].warning);
    // The song stands: what is said stays
    CHECK(reference_check_update(&check, player.song, &pitched, 1) == cases[i].warning);
    // Another reference is looked at anew
    CHECK(reference_check_update(&check, player.song, &pitched, 2) == WARNING_NONE);
    song_free(player.song);

    check  = (ReferenceCheck){.warning = WARNING_NONE};
    player = start_song(1);
    CHECK(play(&player, &check, &sound, &unpitched, 30.0) == WARNING_NONE);
    CHECK(play(&player, &check, &sound, NULL, 10.0) == WARNING_NONE);
    song_free(player.song);
  }
}

static void
test_a_warning_goes(void)
{
  const ReferenceSummary summary = {.low_pitch = 52.0F, .high_pitch = 71.0F};
  const Sound            low     = {-15.0, -20.0, -25.0, true};
  const Sound            right   = {0.0, -20.0, -25.0, true};
  ReferenceCheck         check   = {.warning = WARNING_NONE};
  Player                 player  = start_song(1);
  CHECK(play(&player, &check, &low, &summary, 30.0) == WARNING_LOWER);
  CHECK(play(&player, &check, &right, &summary, 30.0) == WARNING_NONE);
  song_free(player.song);
}

static void
test_absence(void)
{
  static const struct {
    double  mixture_db;
    double  extracted_db;
    Warning warning;
  } cases[] = {{-20.0, -70.0, WARNING_ABSENT},
               {-20.0, -51.0, WARNING_ABSENT},
               {-20.0, -49.0, WARNING_NONE},
               {-20.0, -20.0, WARNING_NONE},
               {-60.0, -120.0, WARNING_NONE}}; // next to nothing sounds
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
    const Sound    sound  = {0.0, cases[i].mixture_db, cases[i].extracted_db, true};
    ReferenceCheck check  = {.warning = WARNING_NONE};
    Player         player = start_song(1);
    CHECK(play(&player, &check, &sound, NULL, LATENCY_S + 9.0) == WARNING_NONE);
    CHECK(play(&player, &check, &sound, NULL, 3.0) == cases[i].warning);
    const Sound loud = {0.0, -20.0, -22.0, true};
    CHECK(play(&player, &check, &loud, NULL, LATENCY_S + 4.0) == WARNING_NONE);
    song_free(player.song);
  }
}

/* The countdown */

static void
test_countdown(void)
{
  const Sound    sound  = {0.0, -20.0, -25.0, true};
  CountdownState state  = {.is_on = false};
  Player         player = start_song(1);
  for (int i = 0; i < 20 * BEAT; ++i) {
    play_column(&player, &sound);
    CHECK(countdown_update(&state, player.song, false).phase == COUNTDOWN_OFF);
  }
  // `Learn` goes on a quarter into the bar: three beats, the bar, and then it is on its
  // way
  for (int i = 0; i < BEAT; ++i) {
    play_column(&player, &sound);
  }
  uint32_t last_beats              = 3;
  double   last_share              = 0.0;
  int      n[COUNTDOWN_ALMOST + 1] = {0};
  for (int i = 0; i < 9 * BEAT; ++i) {
    const Countdown countdown = countdown_update(&state, player.song, true);
    CHECK(countdown.phase >= COUNTDOWN_BEATS);
    ++n[countdown.phase];
    if (countdown.phase == COUNTDOWN_BEATS) {
      CHECK(countdown.n_beats <= last_beats && countdown.n_beats >= 1);
      CHECK(last_beats - countdown.n_beats <= 1);
      last_beats = countdown.n_beats;
    } else if (countdown.phase == COUNTDOWN_CAPTURING) {
      CHECK(countdown.share >= last_share && countdown.share < 1.0);
      last_share = countdown.share;
    }
    play_column(&player, &sound);
  }
  CHECK(last_beats == 1 && last_share > 0.9);
  CHECK(abs(n[COUNTDOWN_BEATS] - 3 * BEAT) <= 1);
  CHECK(abs(n[COUNTDOWN_CAPTURING] - 4 * BEAT) <= 1);
  CHECK(countdown_update(&state, player.song, false).phase == COUNTDOWN_OFF);
  song_free(player.song);

  // Where no bars are known, none is promised
  const Sound free_time = {0.0, -20.0, -25.0, false};
  state                 = (CountdownState){.is_on = false};
  player                = start_song(1);
  CHECK(countdown_update(&state, player.song, true).phase == COUNTDOWN_WAITING);
  for (int i = 0; i < 10 * BEAT; ++i) {
    play_column(&player, &free_time);
    CHECK(countdown_update(&state, player.song, true).phase == COUNTDOWN_WAITING);
  }
  song_free(player.song);
}

int
main(void)
{
  test_register();
  test_a_warning_goes();
  test_absence();
  test_countdown();
  return 0;
}
