/* SPDX-License-Identifier: GPL-3.0-or-later

   Mix colours, 0xAARRGGBB, into opaque pixels. */

#pragma once

#include <stdint.h>

/// Paint over a pixel; `opacity` is 0 to 255
static inline void
pixel_blend(uint32_t* const pixel, const uint32_t colour, const uint32_t opacity)
{
  const uint32_t rest = 255 - opacity;
  uint32_t       sum  = 0;
  for (unsigned shift = 0; shift < 24; shift += 8) {
    const uint32_t value =
      (colour >> shift & 255U) * opacity + (*pixel >> shift & 255U) * rest + 127;
    sum |= value / 255 << shift;
  }
  *pixel = 0xFF000000U | sum;
}

/// Paint over a row of pixels with a share of the opacity of a colour
void
pixels_fill(uint32_t* pixels, int n, uint32_t colour, double share);
