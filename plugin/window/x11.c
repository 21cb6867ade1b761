/* SPDX-License-Identifier: GPL-3.0-or-later

   `native.h` for X11. */

#include "window/native.h"

#include "window/connection.h"
#include "window/x_dialog.h"
#include "window/xdnd.h"
#include "window/xlib.h"

#include <pugl/stub.h>

#include <stdlib.h>
#include <string.h>

struct NativeImpl {
  Connection    connection;
  WindowHandler handler;
  void*         context;
  XWindow       window;
  GC            gc;
  XVisualInfo   visual;
  Xdnd          xdnd;
  XDialog       dialog;
  uint32_t*     converted; ///< Pixels of another visual than 0xXXRRGGBB
  size_t        n_converted;
  bool          is_watched;   ///< There are descriptors to wait for
  bool          is_destroyed; ///< The window, by its parent's end
  bool          is_reported;  ///< `WINDOW_CLOSED` was sent
};

void
native_enter(void)
{
  connection_enter();
}

void
native_leave(void)
{
  connection_leave();
}

void
native_set_opening(const bool is_opening)
{
  if (is_opening) {
    XInitThreads(); // of itself only since libX11 1.8
  }
  connection_set_opening(is_opening);
}

const char*
native_no_world(void)
{
  const char* const name = getenv("DISPLAY");
  return name && name[0] ? "no window: the X server of DISPLAY does not answer"
                         : "no window: DISPLAY is not set, so there is no X server";
}

const char*
native_class(void)
{
  return "Requinto";
}

const struct PuglBackendImpl*
native_backend(void)
{
  return puglStubBackend();
}

double
native_unit(void)
{
  return 1;
}

/// pugl tells the input method of the focus, and not us
static void
report_focus(const Native* const native, const XFocusChangeEvent* const event)
{
  // A grab lends the keys for a moment; NotifyPointer: they come as long as the pointer
  // is over the window
  const bool is_lent = event->mode == NotifyGrab || event->mode == NotifyUngrab;
  if (!is_lent && event->detail < NotifyPointer) {
    const WindowEvent out = {.kind =
                               event->type == FocusIn ? WINDOW_FOCUS : WINDOW_BLUR};
    native->handler(native->context, &out);
  }
}

static bool
filter(void* const context, XEvent* const event)
{
  Native* const native = (Native*)context;
  if (event->type == DestroyNotify && event->xdestroywindow.window == native->window) {
    native->is_destroyed = true;
    return true;
  }
  if ((event->type == FocusIn || event->type == FocusOut) &&
      event->xfocus.window == native->window) {
    report_focus(native, &event->xfocus);
    return false;
  }
  return x_dialog_take_event(&native->dialog, event) ||
         (native->window && xdnd_take_event(&native->xdnd, event));
}

Native*
native_new(void* const world, const WindowHandler handler, void* const context)
{
  Native* const native = (Native*)calloc(1, sizeof(Native));
  if (native) {
    Display* const display     = (Display*)world;
    native->connection.display = display;
    native->connection.filter  = filter;
    native->connection.context = native;
    native->handler            = handler;
    native->context            = context;
    native->dialog             = (XDialog){display, handler, context};
    native->is_watched         = connection_add(&native->connection);
  }
  return native;
}

bool
native_attach(Native* const native, const uintptr_t window)
{
  Display* const    display = native->connection.display;
  XWindowAttributes attributes;
  if (!native->is_watched || !window ||
      !x11_window_attributes(display, window, &attributes)) {
    return false;
  }
  native->window = window;

  XVisualInfo wanted        = {0};
  int         n             = 0;
  wanted.visualid           = XVisualIDFromVisual(attributes.visual);
  XVisualInfo* const visual = XGetVisualInfo(display, VisualIDMask, &wanted, &n);
  if (!visual) {
    return false;
  }
  native->visual = *visual;
  XFree(visual);
  native->gc = XCreateGC(display, window, 0, NULL);
  xdnd_start(&native->xdnd, display, window, native->handler, native->context);
  XFlush(display);
  return native->gc && native_is_alive(native);
}

void
native_detach(Native* const native)
{
  x_dialog_close(&native->dialog);
  if (native->gc) {
    XFreeGC(native->connection.display, native->gc);
  }
  native->gc     = NULL;
  native->window = None;
}

void
native_free(Native* const native)
{
  if (native) {
    connection_remove(&native->connection);
    free(native->converted);
    free(native);
  }
}

bool
native_is_alive(const Native* const native)
{
  return native->window && !native->is_destroyed && !native->connection.is_lost;
}

void
native_begin_dispatch(Native* const native)
{
  connection_begin_dispatch(&native->connection);
}

void
native_finish_dispatch(Native* const native)
{
  if (!native_is_alive(native) && !native->is_reported) {
    native->is_reported      = true;
    const WindowEvent closed = {.kind = WINDOW_CLOSED};
    native->handler(native->context, &closed);
  }
  if (native->is_destroyed) {
    connection_discard(&native->connection);
  }
}

void
native_finish_call(Native* const native)
{
  connection_flush(&native->connection);
}

/// Return how far a mask of a visual is from the lowest bit
static unsigned
shift_of(const unsigned long mask)
{
  unsigned shift = 0;
  while (shift < 32 && !((mask >> shift) & 1U)) {
    ++shift;
  }
  return shift;
}

/// Return an 8-bit value in the bits of a mask
static uint32_t
fit(const uint32_t value, const unsigned long mask)
{
  const unsigned      shift = shift_of(mask);
  const unsigned long max   = shift < 32 ? mask >> shift : 0;
  return (uint32_t)((value * max + 127U) / 255U << shift) & (uint32_t)mask;
}

/// Return pixels for the visual of the window, in rows of the area's width, or NULL
static const uint32_t*
convert(Native* const         native,
        const uint32_t* const pixels,
        const uint32_t        stride,
        const WindowArea      area)
{
  const XVisualInfo* const visual = &native->visual;
  const size_t             n      = (size_t)area.width * area.height;
  if (n > native->n_converted) {
    uint32_t* const larger =
      (uint32_t*)realloc(native->converted, n * sizeof(uint32_t));
    if (!larger) {
      return NULL;
    }
    native->converted   = larger;
    native->n_converted = n;
  }
  const bool is_same = visual->red_mask == 0xFF0000U && visual->green_mask == 0xFF00U &&
                       visual->blue_mask == 0xFFU;
  const uint32_t opaque =
    visual->depth == 32 // what is not colour there, is opacity
      ? (uint32_t) ~(visual->red_mask | visual->green_mask | visual->blue_mask)
      : 0;
  for (uint32_t y = 0; y < area.height; ++y) {
    const uint32_t* const row = pixels + (size_t)y * stride;
    uint32_t* const       out = native->converted + (size_t)y * area.width;
    for (uint32_t x = 0; x < area.width; ++x) {
      const uint32_t pixel = row[x];
      out[x]               = opaque | (is_same ? pixel & 0xFFFFFFU
                                               : fit((pixel >> 16U) & 0xFFU, visual->red_mask) |
                                     fit((pixel >> 8U) & 0xFFU, visual->green_mask) |
                                     fit(pixel & 0xFFU, visual->blue_mask));
    }
  }
  return native->converted;
}

/// Describe pixels in memory to Xlib, which converts them if the server wants others
static bool
describe(XImage* const            image,
         const XVisualInfo* const visual,
         const uint32_t* const    pixels,
         const uint32_t           stride,
         const WindowArea         area)
{
  static const uint16_t one          = 1;
  const int             native_order = *(const uint8_t*)&one ? LSBFirst : MSBFirst;

  memset(image, 0, sizeof(*image));
  image->width            = (int)area.width;
  image->height           = (int)area.height;
  image->format           = ZPixmap;
  image->data             = (char*)(uintptr_t)pixels;
  image->byte_order       = native_order;
  image->bitmap_unit      = 32;
  image->bitmap_bit_order = native_order;
  image->bitmap_pad       = 32;
  image->depth            = visual->depth;
  image->bytes_per_line   = (int)(stride * sizeof(uint32_t));
  image->bits_per_pixel   = 32;
  image->red_mask         = visual->red_mask;
  image->green_mask       = visual->green_mask;
  image->blue_mask        = visual->blue_mask;
  return XInitImage(image);
}

void
native_show(Native* const         native,
            const uint32_t* const pixels,
            const uint32_t        stride,
            const WindowArea      area)
{
  const XVisualInfo* const visual = &native->visual;
  const uint32_t*          first  = pixels + (size_t)area.y * stride + area.x;
  uint32_t                 row    = stride;
  if (visual->depth != 24 || visual->red_mask != 0xFF0000U ||
      visual->green_mask != 0xFF00U || visual->blue_mask != 0xFFU) {
    first = convert(native, first, stride, area);
    row   = area.width;
  }
  XImage image;
  if (first && describe(&image, visual, first, row, area)) {
    XPutImage(native->connection.display,
              native->window,
              native->gc,
              &image,
              0,
              0,
              (int)area.x,
              (int)area.y,
              area.width,
              area.height);
  }
}

void
native_grab_focus(Native* const native)
{
  // With the window the focus goes to its parent: pugl would have it go to none
  XSetInputFocus(
    native->connection.display, native->window, RevertToParent, CurrentTime);
}

int
native_descriptor(const Native* const native)
{
  return native->connection.descriptor;
}

bool
native_choose_file(Native* const native, const char* const title, const double scale)
{
  return x_dialog_open(&native->dialog, native->window, title, scale);
}
