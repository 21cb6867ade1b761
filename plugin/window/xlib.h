/* SPDX-License-Identifier: GPL-3.0-or-later

   Xlib, whose name for a window's number would be our name for a window. */

#pragma once

#define Window XWindow
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#undef Window
