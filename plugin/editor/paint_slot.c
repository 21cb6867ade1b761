/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/paint_slot.h"

#include "editor/layout.h"
#include "editor/symbols.h"
#include "editor/text_lines.h"
#include "editor/theme.h"
#include "editor/thumbnail.h"
#include "editor/words.h"

#define LINE_HEIGHT   14.0
#define SYMBOL_ROOM   20.0
#define DROP_WIDTH    2.0
#define SHAPE_PADDING 4.0

static void
paint_shape(Canvas* const canvas, const Scene* const scene)
{
  const Box box = layout_slot(SLOT_THUMBNAIL);
  canvas_fill_round(canvas, box, THEME_RADIUS, COLOUR_WELL);
  if (scene->is_drag_over) {
    canvas_fill_round(canvas, box, THEME_RADIUS, THEME_LIT_FAINT);
    canvas_text(
      canvas, box, ALIGN_CENTRE, "Drop the sound file here", THEME_TEXT, COLOUR_TEXT);
    canvas_stroke_round(canvas, box, THEME_RADIUS, DROP_WIDTH, COLOUR_EXTRACTED);
  } else if (scene->has_summary) {
    thumbnail_paint(
      canvas, symbols_grow(box, -SHAPE_PADDING), &scene->summary, COLOUR_EXTRACTED);
  } else {
    canvas_text(
      canvas, box, ALIGN_CENTRE, words_without_shape(scene), THEME_SMALL, COLOUR_FAINT);
  }
}

static void
paint_warning(Canvas* const canvas, const Scene* const scene)
{
  const Box box = layout_slot(SLOT_WARNING);
  char      text[WORDS_SIZE];
  words_warning(scene, text, sizeof(text));
  if (!text[0]) {
    canvas_text(canvas,
                box,
                ALIGN_LEFT,
                "Or drop a sound file on the window",
                THEME_SMALL,
                COLOUR_FAINT);
    return;
  }
  const Box       lines = symbols_inset(box, SYMBOL_ROOM, 0.0);
  const TextStyle style = {THEME_SMALL, LINE_HEIGHT, COLOUR_WARNING};
  const uint32_t  n     = text_lines_count(canvas, lines.width, text, THEME_SMALL);
  const double    top   = n < 2 ? LINE_HEIGHT / 2.0 : 0.0;
  symbols_level(canvas, box.x + 8.0, box.y + box.height / 2.0, LEVEL_WARNING);
  text_lines_paint(
    canvas, (Box){lines.x, lines.y + top, lines.width, lines.height}, text, &style, 2);
}

void
paint_slot(Canvas* const canvas, const Scene* const scene)
{
  canvas_text(canvas,
              layout_slot(SLOT_NAME),
              ALIGN_LEFT,
              scene_target_name(scene),
              THEME_TEXT,
              COLOUR_TEXT);
  if (scene->has_summary) {
    char notes[WORDS_SIZE];
    words_register(&scene->summary, notes, sizeof(notes));
    canvas_text(canvas,
                layout_slot(SLOT_REGISTER),
                ALIGN_RIGHT,
                notes,
                THEME_SMALL,
                COLOUR_FAINT);
  }
  paint_shape(canvas, scene);
  paint_warning(canvas, scene);
}
