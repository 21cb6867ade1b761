/* SPDX-License-Identifier: GPL-3.0-or-later

   An open list.

   For the window's thread. */

#pragma once

#include "editor/edits.h"
#include "editor/layout.h"
#include "window/window.h"

#include <stdbool.h>

/// Return where the open list lies
ListLayout
popup_layout(const Scene* scene);

/// Open the list of a control, with its value in view
void
popup_open(Edits* edits, Control control);

/// Close it without a change
void
popup_close(Edits* edits);

/// Choose a row and close it
void
popup_choose(Edits* edits, uint32_t row);

/// Return the row at a point, or -1
int32_t
popup_row_at(const Scene* scene, double x, double y);

/// Scroll by so many rows
void
popup_scroll(Edits* edits, double n_rows);

/// Take a key: move, choose or close
void
popup_key(Edits* edits, WindowKey key);

/// Go to the next row that begins with a letter
void
popup_type(Edits* edits, uint32_t character);
