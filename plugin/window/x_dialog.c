/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "window/x_dialog.h"

#include "window/sofd.h"
#include "window/sound_names.h"

#include <stdatomic.h>
#include <string.h>

static _Atomic(XDialog*) owner; ///< Who has it open

/// Return the window of the program that a window is in, which is what a window
/// manager knows
static XWindow
top_level(Display* const display, const XWindow window)
{
  const Atom state = XInternAtom(display, "WM_STATE", False);
  XWindow    each  = window;
  while (each) {
    Atom           type   = None;
    int            format = 0;
    unsigned long  n      = 0;
    unsigned long  n_left = 0;
    unsigned char* data   = NULL;
    if (XGetWindowProperty(display,
                           each,
                           state,
                           0,
                           0,
                           False,
                           AnyPropertyType,
                           &type,
                           &format,
                           &n,
                           &n_left,
                           &data) != Success) {
      break;
    }
    if (data) {
      XFree(data);
    }
    if (type != None) {
      return each;
    }

    XWindow  root       = None;
    XWindow  parent     = None;
    XWindow* children   = NULL;
    unsigned n_children = 0;
    if (!XQueryTree(display, each, &root, &parent, &children, &n_children)) {
      break;
    }
    if (children) {
      XFree(children);
    }
    each = parent == root ? None : parent;
  }
  return window;
}

static int
filter(const char* const name)
{
  return is_sound_name(name) ? 1 : 0;
}

bool
x_dialog_open(XDialog* const    dialog,
              const XWindow     window,
              const char* const title,
              const double      scale)
{
  XDialog* nobody = NULL;
  if (atomic_load(&owner) == dialog) { // it may lie behind the host's windows
    XMapRaised(dialog->display, sofd_window());
    return true;
  }
  if (!atomic_compare_exchange_strong(&owner, &nobody, dialog)) {
    return false;
  }
  const XWindow top = top_level(dialog->display, window);
  if (!sofd_show(dialog->display, top, title, filter, scale)) {
    atomic_store(&owner, NULL);
    return false;
  }
  return true;
}

bool
x_dialog_take_event(XDialog* const dialog, XEvent* const event)
{
  if (atomic_load(&owner) != dialog || event->xany.window != sofd_window()) {
    return false;
  }
  int status = sofd_take_event(dialog->display, event);
  if (event->type == DestroyNotify) {
    sofd_close(dialog->display);
    status = -1;
  }
  if (status) {
    // The path is the next dialog's to overwrite once this one has no owner
    char path[2 * SOFD_MAX_PATH];
    strncpy(path, sofd_path(), sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    atomic_store(&owner, NULL);

    const WindowEvent chosen = {.kind = WINDOW_CHOSEN,
                                .path = status > 0 ? path : NULL};
    dialog->handler(dialog->context, &chosen);
  }
  return true;
}

void
x_dialog_close(XDialog* const dialog)
{
  if (atomic_load(&owner) == dialog) {
    sofd_close(dialog->display);
    atomic_store(&owner, NULL);
  }
}
