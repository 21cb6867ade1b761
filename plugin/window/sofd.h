/* SPDX-License-Identifier: GPL-3.0-or-later

   A file dialog on X11 without a toolkit, which DPF brings: its libsofd.

   It has one dialog for the whole process, so all functions are for the one window that
   has it open. */

#pragma once

#include "window/xlib.h"

#include <stdbool.h>

enum { SOFD_MAX_PATH = 700 }; ///< Bytes of a folder: with a name, libsofd has 1024

/// Open the dialog, in front of the window `owner`; false if there is none.  `filter`
/// returns 1 for names that it shows.
bool
sofd_show(Display*    display,
          XWindow     owner,
          const char* title,
          int (*filter)(const char* name),
          double scale);

/// Return the dialog's window, or None
XWindow
sofd_window(void);

/// Take an event; positive if a file was chosen, negative if none was
int
sofd_take_event(Display* display, XEvent* event);

/// Return the path of the chosen file
const char*
sofd_path(void);

/// Close the dialog
void
sofd_close(Display* display);
