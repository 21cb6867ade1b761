/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "example_song.h"

#include <math.h>
#include <string.h>

enum { N_BANDS = 64, N_BARS = 4, N_CLIP_BEATS = 4 };

/// Powers of the bands
typedef struct {
  double bands[N_BANDS];
} Powers;

/// Return a number from 0 to 1 that looks random
static double
noise(const uint32_t one, const uint32_t other)
{
  uint32_t x = one * 2654435761U ^ (other + 1) * 2246822519U;
  x ^= x >> 15U;
  x *= 2654435761U;
  x ^= x >> 13U;
  return x / 4294967296.0;
}

/// Return the frequency of a MIDI note in Hz
static double
hz_of(const double note)
{
  return 440 * pow(2, (note - 69) / 12);
}

/// Add a sine of a frequency
static void
add_sine(Powers* const powers, const double hz, const double power)
{
  const double at    = 8 * log2(hz / 40) - 0.5;
  const double width = fmax(0.55, 8 * 25 / hz); // of a window of some 40 ms
  for (int i = 0; i < N_BANDS; ++i) {
    const double distance = (i - at) / width;
    powers->bands[i] += power * exp(-distance * distance);
  }
}

/// Add a note with its harmonics, so many seconds after it began
static void
add_note(Powers* const powers,
         const double  note,
         const double  level_db,
         const double  age_s,
         const double  decay_s,
         const double  slope_db)
{
  if (age_s < 0) {
    return;
  }
  for (int k = 1; k <= 14; ++k) {
    const double hz = k * hz_of(note);
    const double db = level_db - slope_db * log2(k) -
                      8.7 * age_s / decay_s * (0.7 + 0.3 * k) +
                      4 * noise((uint32_t)note, (uint32_t)k);
    if (hz < 10000) {
      add_sine(powers, hz, pow(10, db / 10));
    }
  }
}

/// Add noise about a frequency, so many octaves wide
static void
add_hit(Powers* const  powers,
        const double   hz,
        const double   octaves,
        const double   level_db,
        const double   age_s,
        const double   decay_s,
        const uint32_t index)
{
  if (age_s < 0) {
    return;
  }
  for (int i = 0; i < N_BANDS; ++i) {
    const double distance = ((i + 0.5) / 8 - log2(hz / 40)) / octaves;
    const double db = level_db - 8.7 * age_s / decay_s - 12 * distance * distance +
                      5 * noise(index, (uint32_t)i);
    powers->bands[i] += pow(10, db / 10);
  }
}

/// Add the guitar: broken chords in eighths, and now and then a double stop
static void
add_guitar(Powers* const powers, const double beat)
{
  static const int    chords[N_BARS][8] = {{69, 72, 76, 81, 76, 72, 76, 72},
                                           {65, 69, 72, 77, 72, 69, 72, 77},
                                           {67, 72, 76, 79, 84, 79, 76, 72},
                                           {67, 71, 74, 79, 74, 71, 77, 74}};
  static const double beat_s            = 60.0 / EXAMPLE_BPM;
  const int           eighth            = (int)floor(2 * beat);
  for (int back = 0; back < 4; ++back) {
    const int    i     = eighth - back;
    const double age_s = (beat - i / 2.0) * beat_s;
    if (i >= 0) {
      const double accent = i % 8 == 0 ? 3 : noise((uint32_t)i, 5) * 4 - 4;
      add_note(powers, chords[i / 8 % N_BARS][i % 8], accent - 25, age_s, 0.22, 9);
    }
  }
}

/// Add bass, bongo, güira and voice
static void
add_band(Powers* const powers, const double beat, const uint32_t index)
{
  static const int    roots[N_BARS] = {45, 41, 48, 43};
  static const double bass[3]       = {0, 2, 3};
  static const double beat_s        = 60.0 / EXAMPLE_BPM;
  const int           bar           = (int)floor(beat / 4);
  const double        in_bar        = beat - 4 * bar;
  const int           eighth        = (int)floor(2 * beat);
  const int           sixteenth     = (int)floor(4 * beat);
  const double        phrase        = fmod(beat, 16);

  for (int i = 0; i < 3; ++i) {
    const double note = roots[bar % N_BARS] + (i == 2 ? 7 : 0);
    const double end  = i < 2 ? bass[i + 1] : 4;
    if (in_bar >= bass[i] && in_bar < end) {
      add_note(powers, note, -15, (in_bar - bass[i]) * beat_s, 0.5, 14);
    }
  }
  const double bongo_s = (beat - eighth / 2.0) * beat_s;
  const double accent  = eighth % 8 == 6 ? 8 : eighth % 2 ? -6 : 0;
  add_hit(powers, eighth % 8 == 6 ? 280 : 520, 0.8, accent - 32, bongo_s, 0.07, index);
  const double guira_s = (beat - sixteenth / 4.0) * beat_s;
  const double scrape  = sixteenth % 4 == 0 ? 5 : sixteenth % 2 ? -5 : 0;
  add_hit(powers, 6500, 1.1, scrape - 37, guira_s, 0.06, index);
  if (phrase > 4.5 && phrase < 11.5) {
    static const int melody[7] = {64, 65, 67, 69, 67, 65, 64};
    const double     vibrato   = 0.35 * sin(2 * 3.14159265 * 5.3 * beat * beat_s);
    const double     swell     = 3 * sin(3.14159265 * (phrase - 4.5));
    const double     note      = melody[(int)(phrase - 4.5)] + vibrato;
    add_note(powers, note, swell - 27, 0, 1, 8);
  }
  add_hit(powers, 300, 4, -72, 0, 1, index); // of the room
}

/// Return the sum of the powers
static double
sum_of(const Powers* const powers)
{
  double sum = 0;
  for (int i = 0; i < N_BANDS; ++i) {
    sum += powers->bands[i] / 2;
  }
  return sum;
}

/// Write powers as bands of a column
static void
write_bands(unsigned char bands[N_BANDS], const Powers* const powers)
{
  for (int i = 0; i < N_BANDS; ++i) {
    const double db = 10 * log10(powers->bands[i] + 1e-12);
    bands[i]        = (unsigned char)lround(fmax(0, fmin(255, (db + 80) * 255 / 80)));
  }
}

Column
example_column(const uint32_t index)
{
  const double beats  = EXAMPLE_COLUMN_FRAMES * (double)EXAMPLE_BPM / 60 / EXAMPLE_RATE;
  const double before = (index - 1.0) * beats; // the song begins in column 1
  const double beat   = before + beats / 2;

  Column column = {.frame     = (uint64_t)index * EXAMPLE_COLUMN_FRAMES,
                   .n_frames  = EXAMPLE_COLUMN_FRAMES,
                   .tempo_bpm = (float)EXAMPLE_BPM};
  if (!index) {
    return column;
  }
  const int number = (int)ceil(before);
  if (number < before + beats) {
    column.marks = MARK_BEAT | (number % 4 ? 0U : (uint32_t)MARK_BAR) |
                   (number % N_CLIP_BEATS ? 0U : (uint32_t)MARK_CLIP);
  }

  Powers guitar = {{0}};
  Powers rest   = {{0}};
  add_guitar(&guitar, beat);
  add_band(&rest, beat, index);
  column.extracted_power = (float)sum_of(&guitar);
  column.rest_power      = (float)sum_of(&rest);
  column.mixture_power   = column.extracted_power + column.rest_power;
  write_bands(column.extracted, &guitar);
  for (int i = 0; i < N_BANDS; ++i) {
    rest.bands[i] += guitar.bands[i];
  }
  write_bands(column.mixture, &rest);
  return column;
}
