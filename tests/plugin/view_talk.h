/* SPDX-License-Identifier: GPL-3.0-or-later

   Say what happens as it happens, and answer, while a window is open. */

#pragma once

#include "view_host.h"

#include <stdbool.h>

/// Begin to print edits, and to take lines from stdin: `show ID` has a parameter of
/// `plugin` printed as the host shows it
void
view_talk_start(const ViewFormat* format, void* plugin);

/// Print an edit, if started.  Any thread.
void
view_talk_edit(int slot, ViewEditKind kind, uint32_t id, double value);

/// Return whether stdin has ended, and with it the talk
bool
view_talk_ended(void);
