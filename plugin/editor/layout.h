/* SPDX-License-Identifier: GPL-3.0-or-later

   Where everything lies, in units of a layout of 720 by 420.

   All functions are pure. */

#pragma once

#include "editor/canvas.h"
#include "editor/controls.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  LAYOUT_WIDTH    = 720,
  LAYOUT_HEIGHT   = 420,
  LAYOUT_MARGIN   = 12,
  LAYOUT_ROW      = 22, ///< Height of a row of an open list
  LAYOUT_MAX_ROWS = 15  ///< Of an open list; more scroll
};

/// An open list
typedef struct {
  Box      box;
  uint32_t n_visible;
  bool     scrolls;
} ListLayout;

/// Parts of the slot of the reference that are not controls
typedef enum {
  SLOT_NAME,
  SLOT_REGISTER,
  SLOT_THUMBNAIL,
  SLOT_WARNING,
  N_SLOT_PARTS
} SlotPart;

/// Return the box of the name of the plugin
Box
layout_title(void);

/// Return the box of a control or area
Box
layout_box(Control control);

/// Return the box of a control with its label
Box
layout_box_with_label(Control control);

/// Return the box of a control's label; without a width if it has none
Box
layout_label(Control control);

/// Return the box of a segment of `n`
Box
layout_segment(Control control, uint32_t index, uint32_t n);

/// Return the index of the segment of `n` at a point in the control
uint32_t
layout_segment_at(Control control, uint32_t n, double x);

/// Return the line along which a slider moves, as the box of its handle's middle
Box
layout_track(Control control);

/// Return the box of a slider's or number's digits
Box
layout_digits(Control control);

/// Return a part of the slot of the reference
Box
layout_slot(SlotPart part);

/// Return the control or area at a point, or `CONTROL_NONE`
Control
layout_at(double x, double y);

/// Return where the open list of a control with `n` rows lies
ListLayout
layout_list(Control control, uint32_t n);

/// Return the box of the row at `index` of those visible
Box
layout_list_row(const ListLayout* list, uint32_t index);

/// Return the index of the visible row at a point, or -1
int32_t
layout_list_at(const ListLayout* list, double x, double y);
