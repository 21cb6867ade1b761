/* SPDX-License-Identifier: GPL-3.0-or-later

   Glyphs of the one font, as coverage of pixels.  Those of a size are made once.

   For one thread. */

#pragma once

#include <stdint.h>

/// A font and the glyphs that have been made
typedef struct FontImpl Font;

/// A glyph of a size
typedef struct {
  int                  left;     ///< Pixels from the pen to the left of the coverage
  int                  top;      ///< Pixels from the base line to its top, mostly < 0
  int                  width;    ///< Pixels of coverage
  int                  height;   ///< Rows of it
  int                  advance;  ///< Pixels by which the pen moves on
  const unsigned char* coverage; ///< `width` by `height`, 255 is full
} Glyph;

/// Return the font, or NULL
Font*
font_new(void);

/// Free the font; may be NULL
void
font_free(Font* font);

/// Return the glyph of a character; `size` is that of an em in pixels.  Its coverage
/// is valid until the next call.  Without memory it is an empty glyph.
Glyph
font_glyph(Font* font, uint32_t character, double size);

/// Return the pixels from the middle of a line down to its base line
int
font_base_line(const Font* font, double size);
