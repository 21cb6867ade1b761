/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/paint_overlay.h"

#include "editor/layout.h"
#include "editor/popup.h"
#include "editor/symbols.h"
#include "editor/text_lines.h"
#include "editor/theme.h"
#include "editor/tooltip.h"
#include "editor/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROW_PADDING     8.0
#define SCROLL_WIDTH    4.0
#define TOOLTIP_WIDTH   280.0 ///< Of its text, at most
#define TOOLTIP_PADDING 9.0
#define TOOLTIP_GAP     6.0
#define LINE_HEIGHT     15.0

static const Box nowhere = {0.0, 0.0, 0.0, 0.0};

/* The list */

Box
paint_list_box(const Scene* const scene)
{
  return scene->user.list == CONTROL_NONE ? nowhere
                                          : symbols_grow(popup_layout(scene).box, 1.0);
}

/// Paint the ground of what lies over the rest
static void
paint_sheet(Canvas* const canvas, const Box box)
{
  canvas_fill_round(canvas, box, THEME_RADIUS, THEME_POPUP);
  canvas_stroke_round(canvas, box, THEME_RADIUS, 1.0, THEME_TRACK);
}

/// Paint what is said beside an entry: the latency of a clip
static void
paint_row_extra(Canvas* const      canvas,
                const Scene* const scene,
                const Box          row,
                const uint32_t     index)
{
  if (scene->user.list == CONTROL_CLIP && index < N_CLIPS) {
    char text[WORDS_SIZE];
    words_latency(scene, index, text, sizeof(text));
    canvas_text(canvas, row, ALIGN_RIGHT, text, THEME_SMALL, COLOUR_FAINT);
  }
}

static void
paint_row(Canvas* const          canvas,
          const Scene* const     scene,
          const ParamInfo* const info,
          const Box              row,
          const uint32_t         index)
{
  const ParamIndex param    = control_info(scene->user.list)->param;
  const bool       is_value = (uint32_t)scene->values[param] == index;
  const bool       is_group = param == PARAM_TARGET && (index == scene->learned_index ||
                                                  index == scene->learned_index + 1);
  if (index == scene->user.list_row) {
    canvas_fill_round(canvas, row, THEME_RADIUS - 1.0, THEME_HOVER);
  }
  if (is_group && index > scene->user.list_first) {
    canvas_line(canvas, row.x, row.y, row.x + row.width, row.y, 1.0, THEME_TRACK);
  }
  const Box text = symbols_inset(row, ROW_PADDING, ROW_PADDING + SCROLL_WIDTH);
  canvas_text(canvas,
              text,
              ALIGN_LEFT,
              params_label(info->labels, index),
              THEME_TEXT,
              is_value ? COLOUR_EXTRACTED : COLOUR_TEXT);
  paint_row_extra(canvas, scene, text, index);
}

/// Paint how far the list has been scrolled
static void
paint_scroll_bar(Canvas* const           canvas,
                 const Scene* const      scene,
                 const ListLayout* const list,
                 const uint32_t          n)
{
  const Box    inner  = symbols_grow(list->box, -4.0);
  const double height = fmax(16.0, inner.height * list->n_visible / n);
  const double share  = (double)scene->user.list_first / (n - list->n_visible);
  canvas_fill_round(canvas,
                    (Box){inner.x + inner.width - SCROLL_WIDTH,
                          inner.y + share * (inner.height - height),
                          SCROLL_WIDTH,
                          height},
                    SCROLL_WIDTH / 2.0,
                    COLOUR_FAINT);
}

void
paint_open_list(Canvas* const canvas, const Scene* const scene)
{
  if (scene->user.list == CONTROL_NONE) {
    return;
  }
  const ListLayout list = popup_layout(scene);
  const ParamInfo* info = scene_param(scene, control_info(scene->user.list)->param);
  paint_sheet(canvas, list.box);
  for (uint32_t i = 0; i < list.n_visible; ++i) {
    const uint32_t index = scene->user.list_first + i;
    if (index < info->n_labels) {
      paint_row(canvas, scene, info, layout_list_row(&list, i), index);
    }
  }
  if (list.scrolls) {
    paint_scroll_bar(canvas, scene, &list, info->n_labels);
  }
}

/* The tooltip */

/// Return the size of a tooltip's text
static Box
measure_tooltip(const Canvas* const canvas, const char* const text)
{
  const uint32_t n     = text_lines_count(canvas, TOOLTIP_WIDTH, text, THEME_SMALL);
  double         width = 0.0;
  for (const char* line = text; *line;) {
    char         copy[TOOLTIP_SIZE];
    const size_t length = strcspn(line, "\n");
    snprintf(copy, sizeof(copy), "%.*s", (int)length, line);
    width = fmax(width, canvas_text_width(canvas, copy, THEME_SMALL));
    line += length + (line[length] == '\n');
  }
  return (Box){0.0, 0.0, ceil(fmin(width, TOOLTIP_WIDTH)) + 1.0, n * LINE_HEIGHT};
}

Box
paint_tooltip_box(const Canvas* const canvas, const Scene* const scene)
{
  const Control control = scene->user.tooltip;
  if (control == CONTROL_NONE) {
    return nowhere;
  }
  char text[TOOLTIP_SIZE];
  tooltip_write(scene, control, text, sizeof(text));
  const Box    size   = measure_tooltip(canvas, text);
  const Box    about  = layout_box(control);
  const double width  = size.width + 2.0 * TOOLTIP_PADDING;
  const double height = size.height + 2.0 * TOOLTIP_PADDING;
  const double below  = about.y + about.height + TOOLTIP_GAP;
  const bool   fits   = below + height < LAYOUT_HEIGHT;
  const double x      = fmin(about.x, LAYOUT_WIDTH - LAYOUT_MARGIN - width);
  return (Box){fmax(x, LAYOUT_MARGIN),
               fits ? below : fmax(about.y - TOOLTIP_GAP - height, TOOLTIP_GAP),
               width,
               height};
}

void
paint_tooltip(Canvas* const canvas, const Scene* const scene)
{
  const Box box = paint_tooltip_box(canvas, scene);
  if (box.width <= 0.0) {
    return;
  }
  char text[TOOLTIP_SIZE];
  tooltip_write(scene, scene->user.tooltip, text, sizeof(text));
  char* const rest = text + strcspn(text, "\n");
  paint_sheet(canvas, box);
  const Box       inner = symbols_grow(box, -TOOLTIP_PADDING);
  const TextStyle bold  = {THEME_SMALL, LINE_HEIGHT, COLOUR_TEXT};
  const TextStyle plain = {THEME_SMALL, LINE_HEIGHT, COLOUR_FAINT};
  const Box       below = {
          inner.x, inner.y + LINE_HEIGHT, inner.width, inner.height - LINE_HEIGHT};
  if (*rest) {
    text_lines_paint(canvas, below, rest + 1, &plain, UINT32_MAX);
    *rest = '\0';
  }
  text_lines_paint(canvas, inner, text, &bold, 1);
}
