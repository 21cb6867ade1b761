/* SPDX-License-Identifier: GPL-3.0-or-later

   The colour of a band: as light as the mixture is loud, and from grey to amber by how
   much of it is extracted. */

#pragma once

#include <stdint.h>

enum { SPECTRUM_LEVELS = 128 }; ///< From -80 dB to 0 dB, as of `Column`

/// Colours by level of the mixture, then of the extracted sound
typedef struct {
  uint32_t pixels[SPECTRUM_LEVELS][SPECTRUM_LEVELS];
} SpectrumColours;

/// Compute all colours
void
spectrum_colours_fill(SpectrumColours* colours);
