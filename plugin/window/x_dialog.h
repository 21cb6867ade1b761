/* SPDX-License-Identifier: GPL-3.0-or-later

   The one file dialog of all windows.

   All functions are for the window's thread, which may be another for each window. */

#pragma once

#include "window/window.h"
#include "window/xlib.h"

#include <stdbool.h>

/// What a window has of the dialog
typedef struct {
  Display*      display;
  WindowHandler handler; ///< For `WINDOW_CHOSEN`
  void*         context;
} XDialog;

/// Open the dialog for a window, or raise it where it is open for this window; false if
/// there is none, or another window has it
bool
x_dialog_open(XDialog* dialog, XWindow window, const char* title, double scale);

/// Take an event; return whether it was the dialog's
bool
x_dialog_take_event(XDialog* dialog, XEvent* event);

/// Close the dialog, if it is this window's
void
x_dialog_close(XDialog* dialog);
