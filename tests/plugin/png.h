/* SPDX-License-Identifier: GPL-3.0-or-later

   Write a picture as a PNG file that is not compressed. */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Write rows of pixels, each 0xXXRRGGBB; return false if the file cannot be written
bool
png_write(const char* path, const uint32_t* pixels, uint32_t width, uint32_t height);
