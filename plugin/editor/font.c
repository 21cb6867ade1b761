/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/font.h"

#include "editor/font_data.h"

#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <stb_truetype.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
  Text of 11 to 13 pixels is crisp only where its strokes fall on whole pixels.  The
  rasteriser does not hint, so outlines are fitted here: heights that letters share
  (base line, x-height, capitals) are moved to whole pixels, with what lies between
  stretched, and the left edge of a glyph as well.
*/

enum {
  N_SLOTS     = 1024, ///< Of the table, a power of two
  MAX_GLYPHS  = 768,  ///< Then all are made anew
  MAX_BYTES   = 1 << 20,
  MAX_HEIGHTS = 10
};

/// A glyph that has been made
typedef struct {
  uint32_t character;
  uint32_t size; ///< 64ths of a pixel, 0 for an empty slot
  Glyph    glyph;
} Slot;

/// Heights of the font, in its units, and where they go
typedef struct {
  int    n;
  double from[MAX_HEIGHTS];
  double to[MAX_HEIGHTS];
} Fit;

struct FontImpl {
  stbtt_fontinfo info;
  double         x_height; ///< Units of the font
  double         capitals;
  double         ascenders;
  double         descenders;
  double         overshoot; ///< By which round letters pass these
  uint32_t       n_glyphs;
  size_t         n_bytes;
  unsigned char* bytes;
  Slot           slots[N_SLOTS];
};

/// Return the top of a letter in units of the font, or its bottom
static double
height_of(const stbtt_fontinfo* const info, const int letter, const bool is_top)
{
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
  (void)stbtt_GetCodepointBox(info, letter, &x0, &y0, &x1, &y1);
  return is_top ? y1 : y0;
}

Font*
font_new(void)
{
  Font* const          font  = (Font*)calloc(1, sizeof(Font));
  unsigned char* const bytes = (unsigned char*)malloc(MAX_BYTES);
  if (!font || !bytes || !stbtt_InitFont(&font->info, font_data(), 0)) {
    free(bytes);
    free(font);
    return NULL;
  }
  font->bytes      = bytes;
  font->x_height   = height_of(&font->info, 'x', true);
  font->capitals   = height_of(&font->info, 'H', true);
  font->ascenders  = height_of(&font->info, 'l', true);
  font->descenders = height_of(&font->info, 'p', false);
  font->overshoot  = -height_of(&font->info, 'o', false);
  return font;
}

void
font_free(Font* const font)
{
  if (font) {
    free(font->bytes);
    free(font);
  }
}

/// Send a height to a whole pixel, and what passes it by the overshoot too
static void
add_height(Fit* const fit, const double height, const double overshoot, const double px)
{
  const double to    = round(height / px) * px;
  const double first = overshoot < 0 ? height + overshoot : height;
  fit->from[fit->n]  = first;
  fit->to[fit->n++]  = to;
  fit->from[fit->n]  = first + fabs(overshoot);
  fit->to[fit->n++]  = to;
}

/// Return how the heights of a font are fitted to pixels of so many units
static Fit
fit_of(const Font* const font, const double px)
{
  Fit fit = {0};
  add_height(&fit, font->descenders, -font->overshoot, px);
  add_height(&fit, 0, -font->overshoot, px);
  add_height(&fit, font->x_height, font->overshoot, px);
  add_height(&fit, font->capitals, font->overshoot, px);
  add_height(&fit, font->ascenders, font->overshoot, px);
  return fit;
}

/// Return where a height goes
static double
fit_height(const Fit* const fit, const double y)
{
  const int last = fit->n - 1;
  if (y <= fit->from[0]) {
    return y + fit->to[0] - fit->from[0];
  }
  for (int i = 0; i < last; ++i) {
    const double width = fit->from[i + 1] - fit->from[i];
    if (y <= fit->from[i + 1] && width > 0) {
      const double share = (y - fit->from[i]) / width;
      return fit->to[i] + share * (fit->to[i + 1] - fit->to[i]);
    }
  }
  return y + fit->to[last] - fit->from[last];
}

/// Move the points of an outline
static void
fit_outline(const Fit* const    fit,
            stbtt_vertex* const vertices,
            const int           n,
            const double        shift)
{
  for (int i = 0; i < n; ++i) {
    stbtt_vertex* const v = &vertices[i];

    v->x  = (stbtt_vertex_type)lround(v->x + shift);
    v->cx = (stbtt_vertex_type)lround(v->cx + shift);
    v->y  = (stbtt_vertex_type)lround(fit_height(fit, v->y));
    v->cy = (stbtt_vertex_type)lround(fit_height(fit, v->cy));
  }
}

/// Empty the table
static void
forget_glyphs(Font* const font)
{
  memset(font->slots, 0, sizeof(font->slots));
  font->n_glyphs = 0;
  font->n_bytes  = 0;
}

/// Return room for the coverage of a glyph, all 0, or NULL
static unsigned char*
reserve(Font* const font, const Glyph* const glyph)
{
  const size_t n = (size_t)glyph->width * (size_t)glyph->height;
  if (n > MAX_BYTES) {
    return NULL;
  }
  if (font->n_bytes + n > MAX_BYTES) {
    forget_glyphs(font);
  }
  unsigned char* const bytes = font->bytes + font->n_bytes;
  memset(bytes, 0, n);
  font->n_bytes += n;
  return bytes;
}

/// Paint an outline of a character of a scale
static Glyph
rasterise(Font* const font, const int index, const double scale)
{
  int advance = 0;
  int left    = 0;
  stbtt_GetGlyphHMetrics(&font->info, index, &advance, &left);
  Glyph glyph = {.advance = (int)lround(advance * scale)};

  stbtt_vertex* vertices = NULL;
  const int     n        = stbtt_GetGlyphShape(&font->info, index, &vertices);
  int           x0       = 0;
  int           y0       = 0;
  int           x1       = 0;
  int           y1       = 0;
  if (n > 0 && stbtt_GetGlyphBox(&font->info, index, &x0, &y0, &x1, &y1)) {
    const Fit    fit   = fit_of(font, 1 / scale);
    const double shift = round(x0 * scale) / scale - x0;
    fit_outline(&fit, vertices, n, shift);
    glyph.left   = (int)floor((x0 + shift) * scale + 0.01);
    glyph.top    = (int)floor(-fit_height(&fit, y1) * scale + 0.01);
    glyph.width  = (int)ceil((x1 + shift) * scale - 0.01) - glyph.left;
    glyph.height = (int)ceil(-fit_height(&fit, y0) * scale - 0.01) - glyph.top;

    unsigned char* const bytes  = reserve(font, &glyph);
    stbtt__bitmap        bitmap = {glyph.width, glyph.height, glyph.width, bytes};
    if (bytes && glyph.width > 0 && glyph.height > 0) {
      stbtt_Rasterize(&bitmap,
                      0.2F,
                      vertices,
                      n,
                      (float)scale,
                      (float)scale,
                      0,
                      0,
                      glyph.left,
                      glyph.top,
                      1,
                      NULL);
      glyph.coverage = bytes;
    }
  }
  stbtt_FreeShape(&font->info, vertices);
  if (!glyph.coverage) {
    glyph.width  = 0;
    glyph.height = 0;
  }
  return glyph;
}

/// Return the slot of a character, or the empty one where it belongs
static Slot*
slot_of(Font* const font, const uint32_t character, const uint32_t size)
{
  uint32_t index = (character * 2654435761U ^ size * 40503U) & (N_SLOTS - 1);
  while (font->slots[index].size && (font->slots[index].character != character ||
                                     font->slots[index].size != size)) {
    index = (index + 1) & (N_SLOTS - 1);
  }
  return &font->slots[index];
}

Glyph
font_glyph(Font* const font, const uint32_t character, const double size)
{
  const uint32_t    key  = (uint32_t)lround(fmax(1, fmin(size, 1000)) * 64);
  const Slot* const slot = slot_of(font, character, key);
  if (slot->size) {
    return slot->glyph;
  }

  if (font->n_glyphs >= MAX_GLYPHS) {
    forget_glyphs(font);
  }
  const float scale = stbtt_ScaleForMappingEmToPixels(&font->info, (float)key / 64.0F);
  const int   index = stbtt_FindGlyphIndex(&font->info, (int)character);
  const Glyph glyph = rasterise(font, index, (double)scale);
  *slot_of(font, character, key) = // which may be another now
    (Slot){.character = character, .size = key, .glyph = glyph};
  ++font->n_glyphs;
  return glyph;
}

int
font_base_line(const Font* const font, const double size)
{
  // Half of a capital: lines of controls look centred by their capitals and digits
  const double scale =
    (double)stbtt_ScaleForMappingEmToPixels(&font->info, (float)size);
  return (int)lround(round(font->capitals * scale) / 2);
}
