/* SPDX-License-Identifier: GPL-3.0-or-later

   What the keyboard does.

   For the window's thread. */

#pragma once

#include "editor/edits.h"
#include "window/window.h"

/// Take a key that gives no text
void
keys_press(Edits* edits, const WindowEvent* event);

/// Take a character
void
keys_type(Edits* edits, uint32_t character);
