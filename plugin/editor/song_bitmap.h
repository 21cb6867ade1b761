/* SPDX-License-Identifier: GPL-3.0-or-later

   A picture of a song that scrolls: each column of pixels is painted once.

   A *pixel number* counts columns of pixels from position 0 of the song.  For one
   thread. */

#pragma once

#include "editor/song.h"

#include <stdbool.h>
#include <stdint.h>

/// A stretch of a song as pixels
typedef struct SongBitmapImpl SongBitmap;

/// Return an empty bitmap, or NULL
SongBitmap*
song_bitmap_new(void);

/// Free a bitmap; may be NULL
void
song_bitmap_free(SongBitmap* bitmap);

/// Be of another size in pixels, with so many for a second and for a unit of the
/// layout, and empty; return false without memory, with the bitmap empty
bool
song_bitmap_resize(SongBitmap* bitmap,
                   uint32_t    width,
                   uint32_t    height,
                   double      second,
                   double      unit);

/// Show a song from a pixel number on; return whether anything has changed
bool
song_bitmap_update(SongBitmap* bitmap, const Song* song, int64_t left);

/// Return the pixels from the left on, and set how many columns of them are painted
const uint32_t*
song_bitmap_pixels(const SongBitmap* bitmap, uint32_t* stride, uint32_t* width);
