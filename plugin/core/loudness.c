/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/loudness.h"

#include <math.h>
#include <string.h>

static const double CHUNK_S  = 0.01;
static const double SILENCE  = 1.17e-7; // mean square at -70 LUFS: 10^(-69.309 / 10)
static const float  LOUDEST  = 1e3F;    // clamp: anything louder is a bug upstream
static const double SMALLEST = 1e-30;   // denormal numbers, far below, take time

enum { DRY, WET, CROSS }; ///< Which product
enum { N_ENOUGH = 40 };   ///< Chunks

/* The filters */

static const double TABLE_RATE = 48000.0; // Hz, of the standard's tables 1 and 2

static const Biquad table[LOUDNESS_N_STAGES] = {
  {{1.53512485958697, -2.69169618940638, 1.19839281085285},
   {1.0, -1.69065929318241, 0.73248077421585}},
  {{1.0, -2.0, 1.0}, {1.0, -1.99004745483398, 0.99007225036621}}};

/// Coefficients of s^0, s^1 and s^2
typedef struct {
  double q[3];
} Polynomial;

/* The standard has digital filters of one rate alone.  The inverse bilinear transform,
   z^-1 = (1 - s) / (1 + s), gives their analogue prototypes, and the transform itself
   the filters of another rate, with the frequency of the poles held: see A. V.
   Oppenheim and R. W. Schafer, Discrete-Time Signal Processing, section 7.2. */

static Polynomial
to_analogue(const double c[3])
{
  return (Polynomial){{c[0] + c[1] + c[2], 2.0 * (c[0] - c[2]), c[0] - c[1] + c[2]}};
}

/// Write the coefficients in z^-1 of a polynomial of `scale` s, divided by `divisor`
static void
to_digital(const Polynomial* const p,
           const double            scale,
           const double            divisor,
           double                  c[3])
{
  const double q0 = p->q[0] / divisor;
  const double q1 = p->q[1] * scale / divisor;
  const double q2 = p->q[2] * scale * scale / divisor;
  c[0]            = q0 + q1 + q2;
  c[1]            = 2.0 * (q0 - q2);
  c[2]            = q0 - q1 + q2;
}

void
loudness_k_weighting(const double sample_rate, Biquad stages[LOUDNESS_N_STAGES])
{
  for (unsigned i = 0; i < LOUDNESS_N_STAGES; ++i) {
    const Polynomial numerator   = to_analogue(table[i].b);
    const Polynomial denominator = to_analogue(table[i].a);
    // The frequency of the poles: 1682 Hz and 38 Hz
    const double there = sqrt(denominator.q[0] / denominator.q[2]);
    const double here  = tan(atan(there) * TABLE_RATE / sample_rate);
    const double scale = there / here;
    const double first =
      denominator.q[0] + scale * denominator.q[1] + scale * scale * denominator.q[2];
    to_digital(&numerator, scale, first, stages[i].b);
    to_digital(&denominator, scale, first, stages[i].a);
  }
}

/* Life */

Loudness
loudness_new(const double sample_rate, const uint32_t n_channels)
{
  Loudness loudness = {.n_channels = n_channels,
                       .chunk      = (uint32_t)ceil(CHUNK_S * sample_rate)};
  loudness.gate     = SILENCE * loudness.chunk;
  loudness_k_weighting(sample_rate, loudness.stages);
  loudness_restart(&loudness);
  return loudness;
}

void
loudness_restart(Loudness* const loudness)
{
  memset(loudness->held, 0, sizeof(loudness->held));
  memset(loudness->products, 0, sizeof(loudness->products));
  loudness->sums     = (LoudnessSums){0};
  loudness->n_added  = 0;
  loudness->n_filled = 0;
  loudness->next     = 0;
}

/* Sound */

/// Filter a frame, of which all lanes are done at once
static void
filter(const Biquad* const stage,
       double              held[2][LOUDNESS_N_LANES],
       double              lanes[LOUDNESS_N_LANES])
{
  for (unsigned i = 0; i < LOUDNESS_N_LANES; ++i) {
    const double x = lanes[i];
    const double y = stage->b[0] * x + held[0][i];
    held[0][i]     = stage->b[1] * x - stage->a[1] * y + held[1][i];
    held[1][i]     = stage->b[2] * x - stage->a[2] * y;
    lanes[i]       = y;
  }
}

static double
sum_channels(const double products[LOUDNESS_MAX_CHANNELS])
{
  return products[0] + products[1];
}

/// Take a chunk into the window
static void
keep_chunk(Loudness* const loudness, const LoudnessSums chunk)
{
  loudness->window[loudness->next] = chunk;
  loudness->next                   = (loudness->next + 1) % LOUDNESS_N_CHUNKS;
  loudness->n_filled += loudness->n_filled < LOUDNESS_N_CHUNKS;

  // Anew, as what is loud would leave its rounding error when it is subtracted
  LoudnessSums sums = {0};
  for (uint32_t i = 0; i < loudness->n_filled; ++i) {
    sums.dry += loudness->window[i].dry;
    sums.wet += loudness->window[i].wet;
    sums.cross += loudness->window[i].cross;
  }
  loudness->sums = sums;
}

static void
end_chunk(Loudness* const loudness)
{
  const LoudnessSums chunk = {sum_channels(loudness->products[DRY]),
                              sum_channels(loudness->products[WET]),
                              sum_channels(loudness->products[CROSS])};
  if (chunk.dry > loudness->gate) {
    keep_chunk(loudness, chunk);
  }
  memset(loudness->products, 0, sizeof(loudness->products));
  loudness->n_added = 0;

  double* const held = &loudness->held[0][0][0];
  for (unsigned i = 0; i < sizeof(loudness->held) / sizeof(held[0]); ++i) {
    held[i] = fabs(held[i]) > SMALLEST ? held[i] : 0.0;
  }
}

/// Return a sample that spoils no sum
static double
to_finite(const float sample)
{
  return fabsf(sample) <= LOUDEST ? (double)sample : 0.0;
}

bool
loudness_add(Loudness* const loudness, const float* const dry, const float* const wet)
{
  double lanes[LOUDNESS_N_LANES] = {0.0};
  for (uint32_t c = 0; c < loudness->n_channels; ++c) {
    lanes[c]                         = to_finite(dry[c]);
    lanes[LOUDNESS_MAX_CHANNELS + c] = to_finite(wet[c]);
  }
  for (unsigned i = 0; i < LOUDNESS_N_STAGES; ++i) {
    filter(&loudness->stages[i], loudness->held[i], lanes);
  }
  for (unsigned c = 0; c < LOUDNESS_MAX_CHANNELS; ++c) {
    const double x = lanes[c];
    const double y = lanes[LOUDNESS_MAX_CHANNELS + c];
    loudness->products[DRY][c] += x * x;
    loudness->products[WET][c] += y * y;
    loudness->products[CROSS][c] += x * y;
  }
  const bool is_last = ++loudness->n_added == loudness->chunk;
  if (is_last) {
    end_chunk(loudness);
  }
  return is_last;
}

/* Results */

bool
loudness_is_known(const Loudness* const loudness)
{
  return loudness->n_filled >= N_ENOUGH;
}

double
loudness_of_mix(const Loudness* const loudness, const double dry, const double wet)
{
  const LoudnessSums* const sums = &loudness->sums;
  const double              energy =
    dry * dry * sums->dry + 2.0 * dry * wet * sums->cross + wet * wet * sums->wet;
  return sqrt(fmax(energy, 0.0) / sums->dry);
}
