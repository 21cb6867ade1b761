/* SPDX-License-Identifier: GPL-3.0-or-later

   What `Compare` lets out, and that nothing else changes for it. */

#include "check.h"

#include "core/loudness.h"
#include "core/mixer.h"

#include <math.h>
#include <string.h>

enum { MAX_FRAMES = 4096, LATENCY = 1000, N_CHANNELS = 2 };

static const double RATE = 48000.0;
static const float  STEP = 1.0F / 480.0F; // of a ramp of 10 ms

/* As it was before there was `Compare`: plain, one frame at a time */

typedef struct {
  float    line[LATENCY][N_CHANNELS + 2];
  uint32_t position;
  Gains    next;
  Gains    now;
  bool     at_once;
  bool     is_dry;
  uint32_t n_stale;
  float    open;
} Plain;

static float
toward(const float now, const float goal)
{
  return goal > now ? fminf(now + STEP, goal) : fmaxf(now - STEP, goal);
}

static void
plain_run(Plain* const plain, float* const frame, const float* const wet)
{
  float* const kept  = plain->line[plain->position];
  Gains        goal  = {kept[2], kept[3]};
  const float  in[2] = {frame[0], frame[1]};
  frame[0]           = kept[0];
  frame[1]           = kept[1];
  kept[0]            = in[0];
  kept[1]            = in[1];
  kept[2]            = plain->next.dry;
  kept[3]            = plain->next.wet;
  plain->position    = (plain->position + 1) % LATENCY;

  goal = plain->is_dry ? (Gains){1.0F, 0.0F} : plain->at_once ? plain->next : goal;
  if (plain->n_stale) {
    --plain->n_stale;
    plain->open = toward(plain->open, 0.0F);
  } else if (plain->open < 1.0F) {
    plain->open = 1.0F;
    plain->now  = goal;
  }
  plain->now.dry = toward(plain->now.dry, goal.dry);
  plain->now.wet = toward(plain->now.wet, goal.wet);
  for (uint32_t c = 0; c < N_CHANNELS; ++c) {
    const float share = !wet && plain->now.wet < 0.0F ? plain->now.wet : 0.0F;
    const float other = wet ? wet[c] : 0.0F;
    frame[c] =
      plain->open * ((plain->now.dry + share) * frame[c] + plain->now.wet * other);
  }
}

static float
white(unsigned* const seed)
{
  return (float)(draw(seed) % 20001) / 1e4F - 1.0F;
}

static Gains
any_gains(unsigned* const seed)
{
  const float a = (float)(draw(seed) % 5U) / 4.0F;
  return draw(seed) % 2U ? (Gains){1.0F, -a} : (Gains){1.0F - a, a};
}

/// While `Compare` is off each sample is what it was before there was one, bit by bit,
/// whatever happens, and after it was on the same from 10 ms on
static void
test_off_is_as_before(void)
{
  static float sound[MAX_FRAMES][N_CHANNELS];
  static float expected[MAX_FRAMES][N_CHANNELS];
  static float wet[MAX_FRAMES][N_CHANNELS];
  static Plain plain;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    unsigned     state = seed * 7919U;
    Mixer* const mixer = mixer_new(RATE, N_CHANNELS, LATENCY);
    memset(&plain, 0, sizeof(plain));
    plain.next    = (Gains){0.0F, 1.0F};
    plain.n_stale = LATENCY;
    CHECK(mixer);
    uint32_t n_off = 1000;
    for (int block = 0; block < 400; ++block) {
      const uint32_t n         = draw(&state) % 700U;
      const uint32_t n_missing = draw(&state) % 8U ? 0 : draw(&state) % (n + 1);
      const bool     compares  = draw(&state) % 16U == 0;
      plain.next               = any_gains(&state);
      plain.at_once            = draw(&state) % 2U;
      plain.is_dry             = draw(&state) % 8U == 0;
      mixer_set_gains(mixer, plain.next, plain.at_once);
      mixer_set_dry(mixer, plain.is_dry);
      mixer_set_compare(mixer, compares);
      if (draw(&state) % 32U == 0) {
        const bool fade = draw(&state) % 2U;
        plain.n_stale   = LATENCY;
        plain.open      = fade ? plain.open : 0.0F;
        mixer_cut(mixer, fade);
      }
      for (uint32_t i = 0; i < n; ++i) {
        for (uint32_t c = 0; c < N_CHANNELS; ++c) {
          sound[i][c]    = white(&state);
          wet[i][c]      = white(&state);
          expected[i][c] = sound[i][c];
        }
        plain_run(&plain, expected[i], i < n - n_missing ? wet[i] : NULL);
      }
      mixer_run(mixer, sound[0], wet[0], n, n - n_missing, n_missing);
      for (uint32_t i = 0; i < n; ++i, ++n_off) {
        CHECK(compares || n_off < 490 ||
              !memcmp(sound[i], expected[i], sizeof(sound[i])));
        n_off = compares ? 0 : n_off;
      }
    }
    mixer_free(mixer);
  }
}

/* What the other tests play: noise of which the worker returns a part */

/// What comes in, and what is set
typedef struct {
  Mixer*   mixer;
  double   rate;           ///< Hz
  uint32_t latency;        ///< Frames
  unsigned seed;           ///< Of the noise
  float    smooth;         ///< Of the target, from 0, white, to 1
  float    loud;           ///< Gain of the target
  float    rest;           ///< Gain of what else there is
  float    held[2];        ///< Of the target's filter
  float    past[48000][4]; ///< Input and target of the last frames
  uint64_t n;              ///< Frames played
  bool     is_missing;     ///< The worker has nothing
} Player;

static Player player;

static void
begin(const double rate, const uint32_t latency)
{
  memset(&player, 0, sizeof(player));
  player.mixer   = mixer_new(rate, N_CHANNELS, latency);
  player.rate    = rate;
  player.latency = latency;
  player.seed    = 12345;
  player.loud    = 0.1F;
  player.rest    = 0.3F;
  CHECK(player.mixer && latency < 48000);
}

static void
end(void)
{
  mixer_free(player.mixer);
}

/// Play up to `MAX_FRAMES` frames
static void
play_block(float out[][N_CHANNELS], const uint32_t n)
{
  static float wet[MAX_FRAMES][N_CHANNELS];
  for (uint32_t i = 0; i < n; ++i, ++player.n) {
    float* const now = player.past[player.n % 48000];
    for (uint32_t c = 0; c < N_CHANNELS; ++c) {
      player.held[c] = player.smooth * player.held[c] + white(&player.seed);
      now[2 + c]     = player.loud * player.held[c];
      now[c]         = now[2 + c] + player.rest * white(&player.seed);
      out[i][c]      = now[c];
    }
    const uint64_t then = player.n - player.latency;
    memcpy(wet[i], &player.past[then % 48000][2], sizeof(wet[i]));
  }
  mixer_run(player.mixer, out[0], wet[0], n, 0, player.is_missing ? n : 0);
}

/// Return the delayed input of a frame of the last block
static const float*
input_of(const uint32_t i, const uint32_t n)
{
  return player.past[(player.n - n + i - player.latency) % 48000];
}

/// Play for so long
static void
play(const double n_s)
{
  static float out[MAX_FRAMES][N_CHANNELS];
  for (uint32_t n = (uint32_t)(n_s * player.rate); n;) {
    const uint32_t part = n < 500 ? n : 500;
    play_block(out, part);
    n -= part;
  }
}

/// Return the gain of the delayed input, which has to be all there is
static float
level(void)
{
  static float   out[64][N_CHANNELS];
  const uint32_t n = 64;
  play_block(out, n);
  const float* const last  = input_of(n - 1, n);
  const float        gain  = out[n - 1][0] / last[0];
  const float        other = out[n - 1][1] / last[1];
  CHECK(fabsf(gain - other) < 1e-4F * (fabsf(gain) + 1e-3F));
  return gain;
}

/// Loudness of so many seconds, in LUFS without the standard's offset: of the same
/// filters, which test_loudness.c checks
static double
loudness(const double n_s)
{
  static float out[500][N_CHANNELS];
  Biquad       stages[LOUDNESS_N_STAGES];
  double       held[LOUDNESS_N_STAGES][2][N_CHANNELS] = {0};
  double       sum                                    = 0.0;
  uint32_t     n                                      = 0;
  loudness_k_weighting(player.rate, stages);
  for (; n < (uint32_t)(n_s * player.rate); n += 500) {
    play_block(out, 500);
    for (uint32_t i = 0; i < 500; ++i) {
      for (uint32_t c = 0; c < N_CHANNELS; ++c) {
        double x = (double)out[i][c];
        for (unsigned k = 0; k < LOUDNESS_N_STAGES; ++k) {
          const double y = stages[k].b[0] * x + held[k][0][c];
          held[k][0][c]  = stages[k].b[1] * x - stages[k].a[1] * y + held[k][1][c];
          held[k][1][c]  = stages[k].b[2] * x - stages[k].a[2] * y;
          x              = y;
        }
        sum += x * x;
      }
    }
  }
  return 10.0 * log10(sum / n);
}

static const Gains extracted = {0.0F, 1.0F};
static const Gains remaining = {1.0F, -1.0F};

/// Both are equally loud, whatever the sounds and the rate, and the first is the input
static void
test_equal_loudness(void)
{
  static const double rates[]   = {44100.0, 48000.0, 96000.0};
  static const float  smooths[] = {0.0F, 0.9F, -0.9F, 0.99F};
  static const Gains  mixes[]   = {{0.0F, 1.0F}, {1.0F, -1.0F}, {0.5F, 0.5F}};
  for (unsigned k = 0; k < 12; ++k) {
    begin(rates[k % 3], 1000);
    player.smooth = smooths[k / 3];
    mixer_set_gains(player.mixer, mixes[(k + k / 3) % 3], true);
    play(3.5);
    const double b = loudness(3.0);
    mixer_set_compare(player.mixer, true);
    play(0.05);
    const double a = loudness(3.0);
    CHECK(fabs(a - b) < 0.5);
    const float gain = level();
    CHECK(gain > 0.02F && gain < 0.999F);
    end();
  }
}

/// The limits are 0 dB and -40 dB
static void
test_limits(void)
{
  begin(RATE, LATENCY);
  mixer_set_compare(player.mixer, true);
  player.loud = 1e-4F;
  play(1.0);
  CHECK(fabsf(level() - 0.01F) < 1e-6F);
  mixer_set_gains(player.mixer, (Gains){3.0F, 1.0F}, true); // no host can set that
  play(0.1);
  CHECK(fabsf(level() - 1.0F) < 1e-6F);
  // Nothing is compared with the input itself, from the first frame on
  end();
  begin(RATE, LATENCY);
  mixer_set_compare(player.mixer, true);
  mixer_set_gains(player.mixer, (Gains){1.0F, 0.0F}, true);
  for (int i = 0; i < 100; ++i) {
    static float out[100][N_CHANNELS];
    play_block(out, 100);
    for (uint32_t k = 0; k < 100; ++k) {
      CHECK(player.n - 100 + k < LATENCY ||
            !memcmp(out[k], input_of(k, 100), sizeof(out[k])));
    }
  }
  end();
}

/// Another choice is compared at once, as the sounds themselves are what is measured
static void
test_another_choice(void)
{
  begin(RATE, LATENCY);
  player.loud = 0.03F;
  mixer_set_gains(player.mixer, extracted, true);
  mixer_set_compare(player.mixer, true);
  play(4.0);
  const float soft = level();
  CHECK(fabsf(soft - 0.1F) < 0.02F);
  mixer_set_gains(player.mixer, remaining, true);
  play(0.035);
  CHECK(fabsf(level() - 1.0F) < 0.05F);
  mixer_set_gains(player.mixer, (Gains){1.0F, 0.0F}, true);
  play(0.035);
  CHECK(fabsf(level() - 1.0F) < 1e-6F);
  mixer_set_gains(player.mixer, extracted, true);
  play(0.035);
  CHECK(fabsf(level() - soft) < 0.01F);
  end();
}

/// The sound of the first second is compared from 0.4 s on; a jump leaves the level as
/// it is until then, and a restart does not
static void
test_beginnings(void)
{
  begin(RATE, LATENCY);
  mixer_set_compare(player.mixer, true);
  play(LATENCY / RATE + 0.38);
  CHECK(fabsf(level() - 1.0F) < 1e-6F);
  play(0.05);
  const float before = level();
  CHECK(before > 0.2F && before < 0.6F);

  // After a jump another loudness comes; it is silent until what follows the jump is
  // there
  for (int k = 0; k < 2; ++k) {
    play(4.0);
    const float last = level();
    mixer_cut(player.mixer, k == 0);
    player.loud = k ? 0.1F : 0.01F;
    play(LATENCY / RATE + 0.001);
    CHECK(fabsf(level() - (k ? 1.0F : last)) < 1e-6F);
    play(0.37);
    CHECK(fabsf(level() - (k ? 1.0F : last)) < 1e-6F);
    play(0.05);
    CHECK(fabsf(level() - (k ? before : 0.033F)) < (k ? 0.05F : 0.005F));
  }

  // The input itself has its own level at once
  play(4.0);
  CHECK(level() < 0.6F);
  mixer_cut(player.mixer, true);
  mixer_set_gains(player.mixer, (Gains){1.0F, 0.0F}, true);
  play(LATENCY / RATE + 0.001);
  CHECK(fabsf(level() - 1.0F) < 1e-6F);
  end();
}

/// What the worker has not returned, and what passes because it failed, do not count
static void
test_what_is_no_mix(void)
{
  begin(RATE, LATENCY);
  mixer_set_compare(player.mixer, true);
  play(4.0);
  const float before = level();
  player.is_missing  = true;
  play(6.0);
  CHECK(fabsf(level() - before) < 1e-6F);
  player.is_missing = false;
  play(0.05);
  CHECK(fabsf(level() - before) < 0.02F);

  static float out[500][N_CHANNELS];
  mixer_set_dry(player.mixer, true);
  play(0.03);
  play_block(out, 500);
  for (uint32_t i = 0; i < 500; ++i) { // untouched
    CHECK(!memcmp(out[i], input_of(i, 500), sizeof(out[i])));
  }
  // Once it is over, the last level is there until the new one is known
  player.loud = 0.01F;
  play(1.0);
  mixer_set_dry(player.mixer, false);
  play(0.035);
  CHECK(fabsf(level() - before) < 0.02F);
  play(0.4);
  CHECK(fabsf(level() - 0.033F) < 0.005F);
  end();
}

/// Blocks may be cut anywhere
static void
test_blocks_change_nothing(void)
{
  enum { N = 150000, N_SIZES = 5 };
  static const uint32_t sizes[N_SIZES] = {N, 1, 64, 777, 4096};
  static float          first[N][N_CHANNELS];
  static float          out[MAX_FRAMES][N_CHANNELS];
  for (unsigned k = 0; k < N_SIZES; ++k) {
    begin(RATE, LATENCY);
    for (uint32_t at = 0; at < N;) {
      // What is set changes at fixed frames
      const uint32_t part = at / 10000;
      mixer_set_compare(player.mixer, part % 3 != 0);
      mixer_set_gains(player.mixer, part % 4 < 2 ? extracted : remaining, part % 2);
      mixer_set_dry(player.mixer, part == 11);
      if (at == 50000 || at == 120000) {
        mixer_cut(player.mixer, at == 50000);
      }
      const uint32_t left = (part + 1) * 10000 - at;
      const uint32_t size = sizes[k] < MAX_FRAMES ? sizes[k] : MAX_FRAMES;
      const uint32_t n    = left < size ? left : size;
      play_block(out, n);
      if (k == 0) {
        memcpy(first[at], out, n * sizeof(out[0]));
      }
      CHECK(!memcmp(first[at], out, n * sizeof(out[0])));
      at += n;
    }
    end();
  }
}

/// Play slow sines of one amplitude; check that from frame to frame the output changes
/// by what they do themselves, and what the share of a ramp of 10 ms adds
static void
check_switching(const float angle, const Gains even, const Gains odd, const float share)
{
  Mixer* const       mixer     = mixer_new(RATE, 1, LATENCY);
  const float        amplitude = 0.5F;
  static const float turn      = 0.0131F; // of 100 Hz
  float              last      = 0.0F;
  CHECK(mixer);
  for (uint32_t i = 0; i < 8 * 48000; ++i) {
    const float phase = turn * (float)(i % 48000 + 48000 - LATENCY);
    float       sound = amplitude * sinf(phase + turn * LATENCY);
    const float wet   = amplitude * sinf(phase + angle);
    mixer_set_compare(mixer, i / 4800 % 2); // ten times a second
    mixer_set_gains(mixer, i / 72000 % 2 ? even : odd, true);
    mixer_run(mixer, &sound, &wet, 1, 0, 0);
    const bool begins = i < LATENCY + 2 || i % 48000 < LATENCY + 2; // with a step
    CHECK(begins || fabsf(sound - last) < amplitude * (turn + share * STEP) + 1e-4F);
    last = sound;
  }
  mixer_free(mixer);
}

static void
test_switching_is_smooth(void)
{
  // The worker's sound at a right angle: the distance between both is sqrt(2)
  check_switching(1.5708F, extracted, extracted, 1.4143F);
  // While the choice changes too, and the level: its gains, and the level, move by a
  // step
  check_switching(0.0F, extracted, remaining, 3.0F);
  check_switching(0.5F, extracted, remaining, 3.0F);
}

int
main(void)
{
  test_off_is_as_before();
  test_equal_loudness();
  test_limits();
  test_another_choice();
  test_beginnings();
  test_what_is_no_mix();
  test_blocks_change_nothing();
  test_switching_is_smooth();
  return 0;
}
