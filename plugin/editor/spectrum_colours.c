/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/spectrum_colours.h"

#include <math.h>

/*
  Both scales rise evenly in lightness, so that loudness reads the same in either; grey
  stops where amber goes on, which is what makes the extracted sound look lit.  Grey and
  amber differ in blue against yellow, which nearly all the colour-blind see.
*/

enum { N_STOPS = 5 };

static const double RANGE_DB = 80;
static const double DARK_DB  = -74; // and below it is black
static const double LIGHT_DB = -14; // and above it is as light as it gets

/// Colours at even steps of lightness
typedef struct {
  double red;
  double green;
  double blue;
} Stop;

static const Stop GREYS[N_STOPS] = {{15, 16, 19},
                                    {40, 42, 47},
                                    {74, 77, 83},
                                    {112, 115, 122},
                                    {156, 159, 166}};

static const Stop AMBERS[N_STOPS] = {{15, 16, 19},
                                     {92, 44, 4},
                                     {184, 96, 0},
                                     {250, 166, 12},
                                     {255, 232, 150}};

/// Return a colour between the stops of a scale
static Stop
colour_of(const Stop stops[N_STOPS], const double lightness)
{
  const double x     = fmax(0, fmin(lightness, 1)) * (N_STOPS - 1);
  const int    i     = x < N_STOPS - 2 ? (int)x : N_STOPS - 2;
  const double share = x - i;
  const Stop   a     = stops[i];
  const Stop   b     = stops[i + 1];
  return (Stop){.red   = a.red + share * (b.red - a.red),
                .green = a.green + share * (b.green - a.green),
                .blue  = a.blue + share * (b.blue - a.blue)};
}

/// Return a colour between two, as a pixel
static uint32_t
mix(const Stop a, const Stop b, const double share)
{
  const uint32_t red   = (uint32_t)lround(a.red + share * (b.red - a.red));
  const uint32_t green = (uint32_t)lround(a.green + share * (b.green - a.green));
  const uint32_t blue  = (uint32_t)lround(a.blue + share * (b.blue - a.blue));
  return 0xFF000000U | red << 16U | green << 8U | blue;
}

void
spectrum_colours_fill(SpectrumColours* const colours)
{
  const double step_db = RANGE_DB / (SPECTRUM_LEVELS - 1);
  for (int i = 0; i < SPECTRUM_LEVELS; ++i) {
    const double mixture_db = i * step_db - RANGE_DB;
    const double lightness  = (mixture_db - DARK_DB) / (LIGHT_DB - DARK_DB);
    const Stop   grey       = colour_of(GREYS, lightness);
    const Stop   amber      = colour_of(AMBERS, lightness);
    for (int j = 0; j < SPECTRUM_LEVELS; ++j) {
      const double extracted_db = j * step_db - RANGE_DB;
      const double share        = fmin(1, pow(10, (extracted_db - mixture_db) / 20));
      colours->pixels[i][j]     = mix(grey, amber, share * share * (3 - 2 * share));
    }
  }
}
