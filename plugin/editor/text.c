/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/text.h"

#include "core/utf8.h"

#include <stddef.h>

Glyph
text_next(Font* const font, const char** const text, const double size)
{
  const uint32_t character = utf8_next(text);
  return font_glyph(font, character < ' ' ? ' ' : character, size);
}

int
text_width(Font* const font, const char* text, const char* const end, const double size)
{
  int width = 0;
  while (*text && text != end) {
    width += text_next(font, &text, size).advance;
  }
  return width;
}

const char*
text_fit(Font* const font, const char* text, const double size, const int room)
{
  int width = 0;
  while (*text) {
    const char* const start = text;
    width += text_next(font, &text, size).advance;
    if (width > room) {
      return start;
    }
  }
  return text;
}
