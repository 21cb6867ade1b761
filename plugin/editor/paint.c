/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/paint.h"

#include "editor/edits.h"
#include "editor/layout.h"
#include "editor/meters.h"
#include "editor/paint_controls.h"
#include "editor/paint_overlay.h"
#include "editor/paint_slot.h"
#include "editor/scene_key.h"
#include "editor/song_view.h"
#include "editor/symbols.h"
#include "editor/theme.h"
#include "editor/words.h"

/// Parts after the controls and areas, from the bottom up
enum { PART_TITLE = N_AREAS, PART_LIST, PART_TOOLTIP };

#define OVERHANG      6.0 ///< Of a focus, beyond a control
#define STATUS_INDENT 32.0
#define STATUS_LINE   15.0

/* Areas */

static void
paint_song(Canvas* const canvas, const Scene* const scene)
{
  const Box box = layout_box(AREA_SONG);
  if (scene->song) {
    song_view_paint(scene->song, canvas);
  } else {
    canvas_fill_round(canvas, box, THEME_RADIUS, COLOUR_WELL);
    canvas_text(canvas,
                box,
                ALIGN_CENTRE,
                "The song goes by here while it plays",
                THEME_TEXT,
                COLOUR_FAINT);
  }
}

static void
paint_status(Canvas* const canvas, const Scene* const scene)
{
  const Box   box = layout_box(AREA_STATUS);
  StatusWords words;
  words_status(scene, &words);
  canvas_fill(canvas, box, COLOUR_WELL);
  const double middle = box.y + box.height / 2.0;
  symbols_level(canvas, LAYOUT_MARGIN + 7.0, middle, words.level);
  const double top  = words.detail[0] ? middle - STATUS_LINE : middle - STATUS_LINE / 2;
  Box          line = {STATUS_INDENT, top, box.width - STATUS_INDENT, STATUS_LINE};
  canvas_text(canvas,
              line,
              ALIGN_LEFT,
              words.title,
              THEME_TEXT,
              words.level >= LEVEL_WARNING ? COLOUR_WARNING : COLOUR_TEXT);
  line.y += STATUS_LINE;
  canvas_text(canvas, line, ALIGN_LEFT, words.detail, THEME_SMALL, COLOUR_FAINT);
}

static void
paint_dropouts(Canvas* const canvas, const Scene* const scene)
{
  const Box  box  = layout_box(AREA_DROPOUTS);
  const bool some = scene->values[PARAM_DROPOUTS] > 0.5;
  char       text[WORDS_SIZE];
  words_dropouts(scene, text, sizeof(text));
  canvas_fill(canvas, box, COLOUR_WELL);
  canvas_text(canvas,
              symbols_inset(box, 0.0, LAYOUT_MARGIN),
              ALIGN_RIGHT,
              text,
              THEME_SMALL,
              some ? COLOUR_WARNING : COLOUR_FAINT);
}

/* Parts */

static void
paint_part(Canvas* const canvas, const Scene* const scene, const unsigned part)
{
  switch (part) {
    case AREA_SONG:
      paint_song(canvas, scene);
      break;
    case AREA_REFERENCE:
      paint_slot(canvas, scene);
      break;
    case AREA_METERS:
      meters_paint(&scene->meters, canvas, layout_box(AREA_METERS));
      break;
    case AREA_STATUS:
      paint_status(canvas, scene);
      break;
    case AREA_DROPOUTS:
      paint_dropouts(canvas, scene);
      break;
    case PART_TITLE:
      canvas_text(
        canvas, layout_title(), ALIGN_LEFT, "Requinto", THEME_TITLE, COLOUR_TEXT);
      break;
    case PART_LIST:
      paint_open_list(canvas, scene);
      break;
    case PART_TOOLTIP:
      paint_tooltip(canvas, scene);
      break;
    default:
      paint_control(canvas, scene, (Control)part);
  }
}

/// Return all that a part may cover
static Box
box_of(const Canvas* const canvas, const Scene* const scene, const unsigned part)
{
  switch (part) {
    case PART_TITLE:
      return layout_title();
    case PART_LIST:
      return paint_list_box(scene);
    case PART_TOOLTIP:
      return paint_tooltip_box(canvas, scene);
    default:
      return part < N_CONTROLS
               ? symbols_grow(layout_box_with_label((Control)part), OVERHANG)
               : layout_box((Control)part);
  }
}

static uint64_t
key_of(const Scene* const scene, const unsigned part)
{
  switch (part) {
    case PART_TITLE:
      return 0;
    case PART_LIST:
      return scene_key_list(scene);
    case PART_TOOLTIP:
      return scene_key_tooltip(scene);
    default:
      return scene_key(scene, (Control)part);
  }
}

static bool
is_empty(const Box box)
{
  return box.width <= 0.0 || box.height <= 0.0;
}

/// Return whether two boxes share a pixel, at any scale
static bool
meet(const Box one, const Box other)
{
  const Box near = symbols_grow(one, 1.0); // pixels of edges are shared
  return !is_empty(one) && !is_empty(other) && near.x < other.x + other.width &&
         other.x < near.x + near.width && near.y < other.y + other.height &&
         other.y < near.y + near.height;
}

/// Paint all parts of a box
static void
paint_box(Canvas* const        canvas,
          const Scene* const   scene,
          const Painted* const painted,
          const Box            box)
{
  const double scale = canvas_scale(canvas);
  canvas_set_clip(canvas, box);
  canvas_fill(
    canvas,
    (Box){0.0, 0.0, canvas_width(canvas) / scale, canvas_height(canvas) / scale},
    COLOUR_WINDOW);
  for (unsigned part = N_CONTROLS; part < N_AREAS; ++part) { // controls lie on areas
    if (meet(box, painted->boxes[part])) {
      paint_part(canvas, scene, part);
    }
  }
  for (unsigned part = 0; part < PAINT_PARTS; ++part) {
    if ((part < N_CONTROLS || part >= N_AREAS) && meet(box, painted->boxes[part])) {
      paint_part(canvas, scene, part);
    }
  }
  canvas_reset_clip(canvas);
}

uint32_t
paint_scene(Canvas* const      canvas,
            const Scene* const scene,
            Painted* const     painted,
            Box                boxes[PAINT_MAX_BOXES])
{
  uint32_t n = 0;
  for (unsigned part = 0; part < PAINT_PARTS; ++part) {
    const uint64_t key = key_of(scene, part);
    const Box      box = box_of(canvas, scene, part);
    if (painted->is_painted && painted->keys[part] != key) {
      const Box both[] = {painted->boxes[part], box};
      for (unsigned i = 0; i < 2; ++i) {
        if (!is_empty(both[i]) && (i == 0 || part >= N_AREAS)) {
          boxes[n++] = both[i];
        }
      }
    }
    painted->keys[part]  = key;
    painted->boxes[part] = box;
  }
  if (!painted->is_painted) {
    painted->is_painted = true;
    boxes[n++]          = (Box){0.0,
                                0.0,
                                canvas_width(canvas) / canvas_scale(canvas),
                                canvas_height(canvas) / canvas_scale(canvas)};
  }
  for (uint32_t i = 0; i < n; ++i) {
    paint_box(canvas, scene, painted, boxes[i]);
  }
  return n;
}
