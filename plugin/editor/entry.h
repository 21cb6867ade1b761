/* SPDX-License-Identifier: GPL-3.0-or-later

   A number that is typed.

   For the window's thread. */

#pragma once

#include "editor/edits.h"
#include "window/window.h"

#include <stdbool.h>

/// Begin to type the number of a control: its value, to be replaced by what is typed
void
entry_open(Edits* edits, Control control);

/// Take the number, or keep the entry and show that it is none; return whether it ended
bool
entry_commit(Edits* edits);

/// End without a change
void
entry_cancel(Edits* edits);

/// Take a character; others than a number's are ignored
void
entry_type(Edits* edits, uint32_t character);

/// Take a key that edits the text; return false if it is for others
bool
entry_key(Edits* edits, WindowKey key);
