/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/pixels.h"

#include <math.h>

void
pixels_fill(uint32_t* const pixels,
            const int       n,
            const uint32_t  colour,
            const double    share)
{
  const uint32_t opacity = (uint32_t)lround((colour >> 24U) * share);
  if (opacity == 255) {
    for (int i = 0; i < n; ++i) {
      pixels[i] = 0xFF000000U | colour;
    }
  } else if (opacity) {
    for (int i = 0; i < n; ++i) {
      pixel_blend(&pixels[i], colour, opacity);
    }
  }
}
