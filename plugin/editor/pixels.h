/* SPDX-License-Identifier: GPL-3.0-or-later

   Mix colours, 0xAARRGGBB, into opaque pixels. */

#pragma once

#include <stdint.h>

/// Paint over a pixel; `opacity` is 0 to 255
static inline void
pixel_blend(uint32_t* const pixel, const uint32_t colour, const uint32_t opacity)
{
  // Red and blue together, then green; the sums are divided by 255 and rounded
  const uint32_t rest = 255 - opacity;
  uint32_t red_blue   = (colour & 0xFF00FFU) * opacity + (*pixel & 0xFF00FFU) * rest;
  uint32_t green = (colour >> 8U & 0xFFU) * opacity + (*pixel >> 8U & 0xFFU) * rest;

  red_blue += 0x800080U;
  red_blue = (red_blue + (red_blue >> 8U & 0xFF00FFU)) >> 8U & 0xFF00FFU;
  green += 0x80U;
  green  = (green + (green >> 8U)) & 0xFF00U;
  *pixel = 0xFF000000U | red_blue | green;
}

/// Paint over a row of pixels with a share of the opacity of a colour
void
pixels_fill(uint32_t* pixels, int n, uint32_t colour, double share);
