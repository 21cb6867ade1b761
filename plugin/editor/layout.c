/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/layout.h"

#include <math.h>

enum {
  POPUP_PADDING = 4,
  POPUP_GAP     = 2,
  DIGITS_WIDTH  = 64, ///< Of a slider's
  HANDLE_REACH  = 7   ///< By which a slider's handle extends beyond its middle
};

// Columns below the song, and the rows of the one on the right
#define LEFT    12.0
#define MIDDLE  280.0
#define RIGHT   500.0
#define TOP     242.0
#define ROW(i)  (TOP + 36.0 * (i))
#define LABEL_W 76.0
#define FIELD_X (RIGHT + LABEL_W)
#define FIELD_W 132.0

#define FIRST_OF_TWO 0.42 // segments: the first has the shorter word

static const Box boxes[N_AREAS] = {
  [CONTROL_TARGET]      = {102.0, 9.0, 250.0, 26.0},
  [CONTROL_OUTPUT]      = {364.0, 9.0, 196.0, 26.0},
  [CONTROL_COMPARE]     = {564.0, 9.0, 48.0, 26.0},
  [CONTROL_BYPASS]      = {636.0, 9.0, 72.0, 26.0},
  [CONTROL_PREVIOUS]    = {LEFT + 196.0, TOP, 24.0, 24.0},
  [CONTROL_NEXT]        = {LEFT + 224.0, TOP, 24.0, 24.0},
  [CONTROL_LEARN]       = {LEFT, 316.0, 148.0, 26.0},
  [CONTROL_OPEN]        = {LEFT + 156.0, 316.0, 92.0, 26.0},
  [CONTROL_AMOUNT]      = {MIDDLE, TOP + 3.0, 200.0, 34.0},
  [CONTROL_SENSITIVITY] = {MIDDLE, TOP + 41.0, 200.0, 34.0},
  [CONTROL_CLIP]        = {FIELD_X, ROW(0), FIELD_W, 24.0},
  [CONTROL_QUALITY]     = {FIELD_X, ROW(1), FIELD_W, 24.0},
  [CONTROL_BEAT_SOURCE] = {FIELD_X, ROW(2), FIELD_W, 24.0},
  [CONTROL_TEMPO]       = {FIELD_X, ROW(3), FIELD_W, 24.0},
  [AREA_SONG]           = {LEFT, 46.0, 696.0, 184.0},
  [AREA_REFERENCE]      = {LEFT, TOP, 248.0, 138.0},
  [AREA_METERS]         = {MIDDLE, 322.0, 200.0, 52.0},
  [AREA_STATUS]         = {0.0, 384.0, 584.0, 36.0},
  [AREA_DROPOUTS]       = {584.0, 384.0, 136.0, 36.0},
};

static const Box slot[N_SLOT_PARTS] = {
  [SLOT_NAME]      = {LEFT, TOP, 120.0, 24.0},
  [SLOT_REGISTER]  = {LEFT + 122.0, TOP, 66.0, 24.0},
  [SLOT_THUMBNAIL] = {LEFT, TOP + 28.0, 248.0, 40.0},
  [SLOT_WARNING]   = {LEFT, 348.0, 248.0, 28.0},
};

Box
layout_title(void)
{
  return (Box){LAYOUT_MARGIN, 9.0, 84.0, 26.0};
}

Box
layout_box(const Control control)
{
  return control < N_AREAS ? boxes[control] : (Box){0.0, 0.0, 0.0, 0.0};
}

Box
layout_label(const Control control)
{
  const Box box = layout_box(control);
  if (control == CONTROL_AMOUNT || control == CONTROL_SENSITIVITY) {
    return (Box){box.x, box.y, box.width - DIGITS_WIDTH, 18.0};
  }
  if (control >= CONTROL_CLIP && control <= CONTROL_TEMPO) {
    return (Box){RIGHT, box.y, LABEL_W - 6.0, box.height};
  }
  return (Box){box.x, box.y, 0.0, 0.0};
}

Box
layout_box_with_label(const Control control)
{
  const Box label = layout_label(control);
  return label.width > 0.0 ? box_union(label, layout_box(control))
                           : layout_box(control);
}

Box
layout_segment(const Control control, const uint32_t index, const uint32_t n)
{
  const Box    box   = layout_box(control);
  const double first = n == 2 ? round(box.width * FIRST_OF_TWO) : box.width / n;
  const double rest  = n > 1 ? (box.width - first) / (n - 1) : 0.0;
  return index ? (Box){box.x + first + (index - 1) * rest, box.y, rest, box.height}
               : (Box){box.x, box.y, first, box.height};
}

uint32_t
layout_segment_at(const Control control, const uint32_t n, const double x)
{
  uint32_t index = 0;
  while (index + 1 < n && x >= layout_segment(control, index + 1, n).x) {
    ++index;
  }
  return index;
}

Box
layout_track(const Control control)
{
  const Box box = layout_box(control);
  return (Box){
    box.x + HANDLE_REACH, box.y + 18.0, box.width - 2.0 * HANDLE_REACH, 16.0};
}

Box
layout_digits(const Control control)
{
  const Box box = layout_box(control);
  if (control_info(control)->kind == KIND_SLIDER) {
    return (Box){box.x + box.width - DIGITS_WIDTH, box.y, DIGITS_WIDTH, 18.0};
  }
  return box;
}

Box
layout_slot(const SlotPart part)
{
  return slot[part];
}

Control
layout_at(const double x, const double y)
{
  for (unsigned i = 0; i < N_AREAS; ++i) { // controls first: they lie on areas
    if (box_has(layout_box((Control)i), x, y)) {
      return (Control)i;
    }
  }
  return CONTROL_NONE;
}

ListLayout
layout_list(const Control control, const uint32_t n)
{
  const Box      under     = layout_box(control);
  const uint32_t n_visible = n < LAYOUT_MAX_ROWS ? n : LAYOUT_MAX_ROWS;
  const double   height    = n_visible * LAYOUT_ROW + 2.0 * POPUP_PADDING;
  const double   below     = under.y + under.height + POPUP_GAP;
  const bool     fits      = below + height <= LAYOUT_HEIGHT - POPUP_GAP;
  const double   above     = fmax(under.y - POPUP_GAP - height, POPUP_GAP);
  return (ListLayout){
    {under.x, fits ? below : above, under.width, height}, n_visible, n > n_visible};
}

Box
layout_list_row(const ListLayout* const list, const uint32_t index)
{
  return (Box){list->box.x + POPUP_PADDING,
               list->box.y + POPUP_PADDING + index * (double)LAYOUT_ROW,
               list->box.width - 2.0 * POPUP_PADDING,
               LAYOUT_ROW};
}

int32_t
layout_list_at(const ListLayout* const list, const double x, const double y)
{
  const double row = floor((y - list->box.y - POPUP_PADDING) / LAYOUT_ROW);
  if (!box_has(list->box, x, y) || row < 0.0 || row >= list->n_visible) {
    return -1;
  }
  return (int32_t)row;
}
