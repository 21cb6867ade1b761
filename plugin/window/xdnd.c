/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "window/xdnd.h"

#include "os/path.h"
#include "window/uri_list.h"

#include <string.h>

enum {
  VERSION   = 5,       ///< Of the protocol
  MAX_TYPES = 1024,    ///< Of a source, that are looked at
  MAX_LIST  = 1 << 18, ///< Words of a list of files, in a property
};

static void
intern_atoms(Display* const display, XdndAtoms* const atoms)
{
  static const char* const names[] = {
    "XdndAware",
    "XdndEnter",
    "XdndPosition",
    "XdndStatus",
    "XdndLeave",
    "XdndDrop",
    "XdndFinished",
    "XdndSelection",
    "XdndTypeList",
    "XdndActionCopy",
    "text/uri-list",
    "REQUINTO_DROP",
  };
  enum { N_NAMES = sizeof(names) / sizeof(names[0]) };
  _Static_assert(sizeof(XdndAtoms) == N_NAMES * sizeof(Atom), "a name for each");

  char* list[N_NAMES];
  for (unsigned i = 0; i < N_NAMES; ++i) {
    list[i] = (char*)names[i]; // Xlib only reads them
  }
  XInternAtoms(display, list, N_NAMES, False, (Atom*)atoms);
}

void
xdnd_start(Xdnd* const         xdnd,
           Display* const      display,
           const XWindow       window,
           const WindowHandler handler,
           void* const         context)
{
  const Atom version = VERSION;

  memset(xdnd, 0, sizeof(*xdnd));
  xdnd->display = display;
  xdnd->window  = window;
  xdnd->handler = handler;
  xdnd->context = context;
  intern_atoms(display, &xdnd->atoms);
  XChangeProperty(display,
                  window,
                  xdnd->atoms.aware,
                  XA_ATOM,
                  32,
                  PropModeReplace,
                  (const unsigned char*)&version,
                  1);
}

static void
report(const Xdnd* const     xdnd,
       const WindowEventKind kind,
       const int             x,
       const int             y,
       const char* const     path)
{
  const WindowEvent event = {.kind = kind, .x = x, .y = y, .path = path};
  xdnd->handler(xdnd->context, &event);
}

/// Answer the source of the drag
static void
answer(const Xdnd* const xdnd, const Atom type, const long flags, const bool is_taken)
{
  XEvent event               = {0};
  event.xclient.type         = ClientMessage;
  event.xclient.display      = xdnd->display;
  event.xclient.window       = xdnd->source;
  event.xclient.message_type = type;
  event.xclient.format       = 32;
  event.xclient.data.l[0]    = (long)xdnd->window;
  event.xclient.data.l[1]    = flags;
  // The action's index is 4 in XdndStatus, after a rectangle, and 2 in XdndFinished
  const int index             = type == xdnd->atoms.status ? 4 : 2;
  event.xclient.data.l[index] = is_taken ? (long)xdnd->atoms.action_copy : 0;
  XSendEvent(xdnd->display, xdnd->source, False, NoEventMask, &event);
}

/// End a drag that has shown, by a drop or without
static void
end_drag(Xdnd* const xdnd, const char* const path)
{
  const bool was_shown = xdnd->is_shown;
  xdnd->source         = None;
  xdnd->is_offered     = false;
  xdnd->is_shown       = false;
  if (path) {
    report(xdnd, WINDOW_DROP, 0, 0, path);
  } else if (was_shown) {
    report(xdnd, WINDOW_DRAG_LEAVE, 0, 0, NULL);
  }
}

/// Return whether a source with more than three types has files
static bool
lists_files(const Xdnd* const xdnd)
{
  Atom           type     = None;
  int            format   = 0;
  unsigned long  n_types  = 0;
  unsigned long  n_left   = 0;
  unsigned char* data     = NULL;
  bool           is_there = false;
  if (XGetWindowProperty(xdnd->display,
                         xdnd->source,
                         xdnd->atoms.type_list,
                         0,
                         MAX_TYPES,
                         False,
                         XA_ATOM,
                         &type,
                         &format,
                         &n_types,
                         &n_left,
                         &data) != Success) {
    return false;
  }
  if (data && type == XA_ATOM && format == 32) {
    const Atom* const types = (const Atom*)(const void*)data;
    for (unsigned long i = 0; i < n_types; ++i) {
      is_there = is_there || types[i] == xdnd->atoms.uri_list;
    }
  }
  if (data) {
    XFree(data);
  }
  return is_there;
}

static void
enter(Xdnd* const xdnd, const long* const data)
{
  if (xdnd->source) {
    end_drag(xdnd, NULL); // whose source has ended, and cannot say so
  }
  const unsigned long uri_list = xdnd->atoms.uri_list;
  xdnd->source                 = (XWindow)data[0];
  xdnd->is_offered             = (data[1] & 1) ? lists_files(xdnd)
                                               : (unsigned long)data[2] == uri_list ||
                                       (unsigned long)data[3] == uri_list ||
                                       (unsigned long)data[4] == uri_list;
}

static void
move(Xdnd* const xdnd, const long* const data)
{
  // Bit 0: it can be dropped here; bit 1: go on sending positions
  answer(xdnd, xdnd->atoms.status, xdnd->is_offered ? 3 : 0, xdnd->is_offered);
  if (xdnd->is_offered) {
    const unsigned long position = (unsigned long)data[2];
    XWindow             child    = None;
    int                 x        = 0;
    int                 y        = 0;
    XTranslateCoordinates(xdnd->display,
                          DefaultRootWindow(xdnd->display),
                          xdnd->window,
                          (int)((position >> 16U) & 0xFFFFU),
                          (int)(position & 0xFFFFU),
                          &x,
                          &y,
                          &child);
    xdnd->is_shown = true;
    report(xdnd, WINDOW_DRAG, x, y, NULL);
  }
}

static void
drop(Xdnd* const xdnd, const long* const data)
{
  if (xdnd->is_offered) {
    XConvertSelection(xdnd->display,
                      xdnd->atoms.selection,
                      xdnd->atoms.uri_list,
                      xdnd->atoms.property,
                      xdnd->window,
                      (Time)(unsigned long)data[2]);
  } else {
    answer(xdnd, xdnd->atoms.finished, 0, false);
    end_drag(xdnd, NULL);
  }
}

/// Write the path that the source has written to our window; return false if none
static bool
read_path(const Xdnd* const xdnd, char path[PATH_SIZE])
{
  Atom           type     = None;
  int            format   = 0;
  unsigned long  length   = 0;
  unsigned long  n_left   = 0;
  unsigned char* data     = NULL;
  bool           is_there = false;
  if (XGetWindowProperty(xdnd->display,
                         xdnd->window,
                         xdnd->atoms.property,
                         0,
                         MAX_LIST,
                         True,
                         AnyPropertyType,
                         &type,
                         &format,
                         &length,
                         &n_left,
                         &data) != Success) {
    return false;
  }
  if (data) {
    is_there = format == 8 && uri_list_first_path((char*)data, length, path, PATH_SIZE);
    XFree(data);
  }
  return is_there;
}

static void
take_selection(Xdnd* const xdnd, const XSelectionEvent* const event)
{
  char path[PATH_SIZE];
  if (!xdnd->source) {
    return; // the drag has left in the meantime
  }
  const bool is_there =
    event->property == xdnd->atoms.property && read_path(xdnd, path);
  answer(xdnd, xdnd->atoms.finished, is_there ? 1 : 0, is_there);
  end_drag(xdnd, is_there ? path : NULL);
}

static bool
take_message(Xdnd* const xdnd, const XClientMessageEvent* const message)
{
  const Atom        type  = message->message_type;
  const long* const data  = message->data.l;
  const XdndAtoms*  atoms = &xdnd->atoms;
  if (type != atoms->enter && type != atoms->position && type != atoms->leave &&
      type != atoms->drop) {
    return false;
  }
  if (message->format != 32 || !data[0]) {
    return true;
  }
  if (type == atoms->enter) {
    enter(xdnd, data);
  } else if ((XWindow)data[0] != xdnd->source) {
    return true; // of a drag that has not entered
  } else if (type == atoms->position) {
    move(xdnd, data);
  } else if (type == atoms->leave) {
    end_drag(xdnd, NULL);
  } else {
    drop(xdnd, data);
  }
  return true;
}

bool
xdnd_take_event(Xdnd* const xdnd, const XEvent* const event)
{
  if (event->xany.window != xdnd->window) {
    return false;
  }
  if (event->type == ClientMessage) {
    return take_message(xdnd, &event->xclient);
  }
  if (event->type == SelectionNotify &&
      event->xselection.selection == xdnd->atoms.selection) {
    take_selection(xdnd, &event->xselection);
    return true;
  }
  return false;
}
