/* SPDX-License-Identifier: GPL-3.0-or-later

   How pugl makes a window on Windows.  Its stub backend gives the window a pixel format
   for OpenGL, which Windows does not promise to let GDI paint on, and Wine does not. */

#include "window/native.h"

#include <stub.h> // pugl's own, for its backends
#include <types.h>
#include <win.h>

static PuglStatus
configure(PuglView* const view)
{
  return puglWinCreateWindow(view, "", &view->impl->hwnd, &view->impl->hdc);
}

const struct PuglBackendImpl*
native_backend(void)
{
  static const PuglBackend backend = {configure,
                                      puglStubCreate,
                                      puglStubDestroy,
                                      puglStubEnter,
                                      puglStubLeave,
                                      puglStubGetContext};

  return &backend;
}
