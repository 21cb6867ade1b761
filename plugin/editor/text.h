/* SPDX-License-Identifier: GPL-3.0-or-later

   Lines of UTF-8 text as glyphs.  Sizes are those of an em in pixels.

   For the thread of the font. */

#pragma once

#include "editor/font.h"

/// Return the glyph of the character at `*text`, which is not the end, and move past it
Glyph
text_next(Font* font, const char** text, double size);

/// Return the pixels by which a text moves the pen, up to `end`, or to its end if NULL
int
text_width(Font* font, const char* text, const char* end, double size);

/// Return the end of what fits so many pixels
const char*
text_fit(Font* font, const char* text, double size, int room);
