/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "core/loudness.h"

#include <complex.h>
#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

static const double rates[] =
  {8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 176400, 192000, 384000};
enum { N_RATES = sizeof(rates) / sizeof(rates[0]) };

/// Return by how many decibels a filter raises a frequency in Hz
static double
response_db(const Biquad stages[LOUDNESS_N_STAGES], const double rate, const double hz)
{
  const double complex z  = cexp(-2.0 * I * PI * hz / rate); // z^-1
  double               db = 0.0;
  for (unsigned i = 0; i < LOUDNESS_N_STAGES; ++i) {
    const Biquad* const s = &stages[i];
    db += 20.0 * log10(cabs((s->b[0] + z * (s->b[1] + z * s->b[2])) /
                            (s->a[0] + z * (s->a[1] + z * s->a[2]))));
  }
  return db;
}

/// At 48 kHz the coefficients are those of ITU-R BS.1770-5, tables 1 and 2
static void
test_the_standards_table(void)
{
  static const double table[LOUDNESS_N_STAGES][6] = {
    {1.53512485958697,
     -2.69169618940638,
     1.19839281085285,
     1.0,
     -1.69065929318241,
     0.73248077421585},
    {1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621}};
  Biquad stages[LOUDNESS_N_STAGES];
  loudness_k_weighting(48000.0, stages);
  for (unsigned i = 0; i < LOUDNESS_N_STAGES; ++i) {
    for (unsigned k = 0; k < 3; ++k) {
      CHECK(fabs(stages[i].b[k] - table[i][k]) < 1e-13);
      CHECK(fabs(stages[i].a[k] - table[i][3 + k]) < 1e-13);
    }
  }
}

/// A full sine of 997 Hz has -3.01 LKFS, says the standard, so it is raised by 0.691
/// dB. Other rates have the response of 48 kHz, and all are stable
static void
test_every_rate_has_one_response(void)
{
  Biquad known[LOUDNESS_N_STAGES];
  loudness_k_weighting(48000.0, known);
  CHECK(fabs(response_db(known, 48000.0, 997.0) - 0.691) < 0.005);
  CHECK(fabs(response_db(known, 48000.0, 10000.0) - 4.04) < 0.01); // the shelf
  for (unsigned i = 0; i < N_RATES; ++i) {
    Biquad stages[LOUDNESS_N_STAGES];
    loudness_k_weighting(rates[i], stages);
    // The bilinear transform bends frequencies, by the square of their share of the
    // rate
    const double tolerance = fmax(0.01, 0.3 * pow(8000.0 / rates[i], 2.0));
    for (double hz = 5.0; hz < fmin(0.45 * rates[i], 20000.0); hz *= 1.1) {
      const double db = response_db(stages, rates[i], hz);
      CHECK(fabs(db - response_db(known, 48000.0, hz)) < tolerance);
    }
    for (unsigned k = 0; k < LOUDNESS_N_STAGES; ++k) {
      const double* const a = stages[k].a;
      CHECK(fabs(a[0] - 1.0) < 1e-12 && fabs(a[2]) < 1.0);
      CHECK(fabs(a[1]) < 1.0 + a[2]);
    }
  }
}

/// A sound: white noise, through a resonance at a frequency or not
typedef struct {
  unsigned seed;
  double   gain;
  double   hz; ///< 0 for none
  double   held[2];
} Noise;

static float
next(Noise* const noise, const double rate)
{
  const double x = noise->gain * ((double)(draw(&noise->seed) % 20001) / 1e4 - 1.0);
  if (noise->hz <= 0.0) {
    return (float)x;
  }
  static const double radius = 0.98;
  const double        y      = 0.1 * x +
                   2.0 * radius * cos(2.0 * PI * noise->hz / rate) * noise->held[0] -
                   radius * radius * noise->held[1];
  noise->held[1] = noise->held[0];
  noise->held[0] = y;
  return (float)y;
}

/// A meter of the plain kind: weighted by the same filters, with one long mean
typedef struct {
  Biquad stages[LOUDNESS_N_STAGES];
  double x[LOUDNESS_N_STAGES][2];
  double y[LOUDNESS_N_STAGES][2];
  double sum;
} Meter;

static void
meter(Meter* const m, const double sample)
{
  double v = sample;
  for (unsigned i = 0; i < LOUDNESS_N_STAGES; ++i) {
    const Biquad* const s = &m->stages[i];
    const double        y = s->b[0] * v + s->b[1] * m->x[i][0] + s->b[2] * m->x[i][1] -
                     s->a[1] * m->y[i][0] - s->a[2] * m->y[i][1];
    m->x[i][1] = m->x[i][0];
    m->x[i][0] = v;
    m->y[i][1] = m->y[i][0];
    m->y[i][0] = y;
    v          = y;
  }
  m->sum += v * v;
}

static double
decibels(const double ratio)
{
  return 20.0 * log10(ratio);
}

/// The factor makes the dry sound as loud as the mix: within 0.5 LU at any moment from
/// 3 s on, as a window of 3 s of noise varies, and within 0.1 LU on the mean
static void
test_steady_sounds(void)
{
  static const double played[] = {22050, 44100, 48000, 96000};
  static const struct {
    double dry_hz;
    double wet_hz;
    double wet_gain;
    Noise  other; ///< Unlike `wet` it is not in the dry sound
    double dry;
    double wet;
  } cases[] = {{0.0, 0.0, 0.5, {0}, 0.0, 1.0},
               {0.0, 3000.0, 0.3, {0}, 0.0, 1.0},
               {0.0, 3000.0, 0.3, {0}, 1.0, -1.0},
               {1500.0, 3000.0, 0.8, {0}, 0.5, 0.5},
               {700.0, 0.0, 0.02, {0}, 1.0, -0.7},
               {3000.0, 700.0, 0.1, {0}, 0.0, 1.0},
               {2000.0, 2000.0, 1.0, {0}, 1.0, -1.0}};
  for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); ++k) {
    for (unsigned r = 0; r < sizeof(played) / sizeof(played[0]); ++r) {
      const double rate     = played[r];
      Loudness     loudness = loudness_new(rate, 1);
      Noise        rest     = {11 + k, 0.3, cases[k].dry_hz, {0}};
      Noise        target   = {77 + k, cases[k].wet_gain, cases[k].wet_hz, {0}};
      Meter        of_dry   = {0};
      loudness_k_weighting(rate, of_dry.stages);
      Meter          of_mix  = of_dry;
      const uint32_t n       = (uint32_t)(8.0 * rate);
      double         sum_db  = 0.0;
      uint32_t       n_means = 0;
      double         worst   = 0.0;
      double         lowest  = INFINITY;
      double         highest = -INFINITY;
      for (uint32_t i = 0; i < n; ++i) {
        const float wet = next(&target, rate);
        const float dry = wet + next(&rest, rate);
        meter(&of_dry, (double)dry);
        meter(&of_mix, cases[k].dry * (double)dry + cases[k].wet * (double)wet);
        if (loudness_add(&loudness, &dry, &wet) && i > 3.0 * rate) {
          const double db =
            decibels(loudness_of_mix(&loudness, cases[k].dry, cases[k].wet));
          sum_db += db;
          lowest  = fmin(lowest, db);
          highest = fmax(highest, db);
          ++n_means;
        }
      }
      const double expected = 0.5 * decibels(of_mix.sum / of_dry.sum);
      worst                 = fmax(fabs(lowest - expected), fabs(highest - expected));
      CHECK(worst < 0.5);
      CHECK(n_means > 400 && fabs(sum_db / n_means - expected) < 0.1);
    }
  }
}

/// Add so many seconds of noise, of which the wet sound is a part; true if it is known
static bool
add(Loudness* const loudness, const double rate, const double n_s, const float share)
{
  Noise noise = {5, 0.3, 0.0, {0}};
  for (uint32_t i = 0; i < (uint32_t)(n_s * rate); ++i) {
    const float dry[2] = {next(&noise, rate), next(&noise, rate)};
    const float wet[2] = {share * dry[0], share * dry[1]};
    (void)loudness_add(loudness, dry, wet);
  }
  return loudness_is_known(loudness);
}

static void
add_both(Loudness* const loudness, const uint32_t n, const float dry, const float wet)
{
  for (uint32_t i = 0; i < n; ++i) {
    const float frame[2][2] = {{dry, dry}, {wet, wet}};
    (void)loudness_add(loudness, frame[0], frame[1]);
  }
}

static bool
is_factor(const Loudness* const loudness, const double expected)
{
  return fabs(loudness_of_mix(loudness, 0.0, 1.0) / expected - 1.0) < 1e-6;
}

/// 0.4 s of sound are enough, and silence is none, however long
static void
test_enough(void)
{
  for (unsigned r = 0; r < N_RATES; ++r) {
    const double rate     = rates[r];
    Loudness     loudness = loudness_new(rate, 2);
    CHECK(!loudness_is_known(&loudness));
    add_both(&loudness, (uint32_t)(0.6 * rate), 0.0F, 0.0F);
    CHECK(!add(&loudness, rate, 0.38, 0.25F));
    add_both(&loudness, (uint32_t)(0.6 * rate), 0.0F, 0.0F);
    CHECK(add(&loudness, rate, 0.05, 0.25F) && is_factor(&loudness, 0.25));
    loudness_restart(&loudness);
    CHECK(!loudness_is_known(&loudness));
    CHECK(!add(&loudness, rate, 0.38, 0.5F) && add(&loudness, rate, 0.05, 0.5F));
    CHECK(is_factor(&loudness, 0.5)); // nothing is left of what was before
  }
}

/// A pause changes nothing, and what the filters hold ends as zero, not as a number
/// that takes a processor long
static void
test_a_pause(void)
{
  Loudness loudness = loudness_new(48000.0, 2);
  CHECK(add(&loudness, 48000.0, 3.0, 0.125F));
  add_both(&loudness, 10 * 48000, 0.0F, 0.0F);
  CHECK(is_factor(&loudness, 0.125));
  for (unsigned i = 0; i < sizeof(loudness.held) / sizeof(double); ++i) {
    const double held = (&loudness.held[0][0][0])[i];
    CHECK(fpclassify(held) == FP_ZERO);
  }
  // Below -70 LUFS is silence too, at -60 there is sound
  Noise noise = {9, 1.0, 0.0, {0}};
  for (int k = 0; k < 2; ++k) {
    const float gain = k ? 5e-4F : 1e-4F;
    for (uint32_t i = 0; i < 4 * 48000; ++i) {
      const float x = gain * next(&noise, 48000.0);
      CHECK(fabsf(x) <= gain);
      add_both(&loudness, 1, x, 0.0F);
    }
    CHECK(is_factor(&loudness, 0.125) == !k);
  }
  // What came before is forgotten after 3 s, however loud it was
  CHECK(loudness_of_mix(&loudness, 0.0, 1.0) < 1e-9);
}

/// One spoilt sample spoils neither what came before nor what follows
static void
test_not_finite(void)
{
  static const float absurd[] = {NAN, INFINITY, -INFINITY, 3e38F, -3e38F, 1e4F};
  for (unsigned i = 0; i < 3 * sizeof(absurd) / sizeof(absurd[0]); ++i) {
    Loudness loudness = loudness_new(44100.0, 2);
    CHECK(add(&loudness, 44100.0, 1.0, 0.5F));
    add_both(
      &loudness, 1, i % 3 ? absurd[i / 3] : 0.1F, i % 3 < 2 ? absurd[i / 3] : 0.1F);
    CHECK(add(&loudness, 44100.0, 1.0, 0.5F));
    CHECK(fabs(loudness_of_mix(&loudness, 0.0, 1.0) - 0.5) < 1e-3);
    CHECK(fabs(loudness_of_mix(&loudness, 1.0, -1.0) - 0.5) < 1e-3);
  }
}

/// Two equal channels are louder than one by 3 dB, and their mean is over both
static void
test_channels(void)
{
  Loudness one = loudness_new(48000.0, 2);
  Loudness two = one;
  Noise    a   = {3, 0.3, 0.0, {0}};
  for (uint32_t i = 0; i < 3 * 48000; ++i) {
    const float x         = next(&a, 48000.0);
    const float dry[2]    = {x, x};
    const float left[2]   = {x, 0.0F};
    const float middle[2] = {0.5F * x, 0.5F * x};
    (void)loudness_add(&one, dry, left);
    (void)loudness_add(&two, dry, middle);
  }
  CHECK(is_factor(&one, sqrt(0.5)) && is_factor(&two, 0.5));
}

int
main(void)
{
  test_the_standards_table();
  test_every_rate_has_one_response();
  test_steady_sounds();
  test_enough();
  test_a_pause();
  test_not_finite();
  test_channels();
  return 0;
}
