/* SPDX-License-Identifier: GPL-3.0-or-later

   Windows on Windows, without an editor: pixels go out, and events come in. */

#include "check.h"
#include "window/window.h"

#include <windows.h>

#include <shlobj.h>

#include <math.h>
#include <string.h>

enum { WIDTH = 120, HEIGHT = 80, N_EVENTS = 256 };

static const WindowTable* table;
static WindowEvent        events[N_EVENTS];
static char               path[64]; ///< Of the last event that had one
static unsigned           n_events;
static uint32_t           pixels[WIDTH * HEIGHT];

static void
take_event(void* const context, const WindowEvent* const event)
{
  CHECK(context == &n_events);
  if (n_events < N_EVENTS) {
    events[n_events++] = *event;
  }
  if (event->path) {
    CHECK(strlen(event->path) < sizeof(path));
    strcpy(path, event->path);
  }
}

/// Return the last event of a kind since `forget`, which must be there
static const WindowEvent*
last(const WindowEventKind kind)
{
  for (unsigned i = n_events; i-- > 0;) {
    if (events[i].kind == kind) {
      return &events[i];
    }
  }
  fprintf(stderr, "no event of kind %d\n", (int)kind);
  CHECK(!"an event");
  return NULL;
}

/// Return whether there was an event of a kind since `forget`
static bool
has(const WindowEventKind kind)
{
  for (unsigned i = 0; i < n_events; ++i) {
    if (events[i].kind == kind) {
      return true;
    }
  }
  return false;
}

static void
forget(void)
{
  n_events = 0;
}

/// Do what a host does: pass on messages, for some time
static void
pump(const DWORD duration_ms)
{
  const DWORD end = GetTickCount() + duration_ms;
  MSG         message;
  do {
    while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE)) {
      TranslateMessage(&message);
      DispatchMessageW(&message);
    }
    Sleep(5);
  } while (GetTickCount() < end);
}

static HWND
make_parent(void)
{
  HWND const parent = CreateWindowExW(0,
                                      L"STATIC",
                                      L"Host",
                                      WS_OVERLAPPEDWINDOW | WS_VISIBLE,
                                      10,
                                      10,
                                      400,
                                      300,
                                      NULL,
                                      NULL,
                                      NULL,
                                      NULL);
  CHECK(parent);
  return parent;
}

static Window*
open_window(HWND const parent)
{
  const WindowSetup setup = {
    (uintptr_t)parent, WIDTH, HEIGHT, "Prüfung", take_event, &n_events};
  const char* problem = "";
  forget();
  Window* const window = table->open(&setup, &problem);
  CHECK(window && !problem);
  return window;
}

/// Read what can be seen of a window
static void
read_pixels(HDC const context, uint32_t seen[WIDTH * HEIGHT])
{
  const BITMAPINFO about  = {.bmiHeader = {.biSize     = sizeof(BITMAPINFOHEADER),
                                           .biWidth    = WIDTH,
                                           .biHeight   = -HEIGHT,
                                           .biPlanes   = 1,
                                           .biBitCount = 32}};
  HDC const        memory = CreateCompatibleDC(context);
  void*            bits   = NULL;
  HBITMAP const    bitmap =
    CreateDIBSection(memory, &about, DIB_RGB_COLORS, &bits, NULL, 0);
  CHECK(bitmap && bits);
  SelectObject(memory, bitmap);
  CHECK(BitBlt(memory, 0, 0, WIDTH, HEIGHT, context, 0, 0, SRCCOPY));
  GdiFlush();
  memcpy(seen, bits, sizeof(uint32_t) * WIDTH * HEIGHT);
  DeleteDC(memory);
  DeleteObject(bitmap);
}

/// Check that a part of the picture, and nothing else, can be seen
static void
check_pixels(Window* const window)
{
  static const WindowArea area = {10, 20, 30, 40};
  static uint32_t         seen[WIDTH * HEIGHT];

  for (uint32_t i = 0; i < WIDTH * HEIGHT; ++i) {
    pixels[i] = (i * 2654435761U) | 0x80U; // none is black
  }
  HWND const handle  = (HWND)table->native(window);
  HDC const  context = GetDC(handle);
  PatBlt(context, 0, 0, WIDTH, HEIGHT, BLACKNESS);
  table->show(window, pixels, WIDTH, area);
  read_pixels(context, seen);
  ReleaseDC(handle, context);
  for (uint32_t y = 0; y < HEIGHT; ++y) {
    for (uint32_t x = 0; x < WIDTH; ++x) {
      const bool is_in = x >= area.x && x < area.x + area.width && y >= area.y &&
                         y < area.y + area.height;
      const uint32_t pixel = is_in ? pixels[y * WIDTH + x] & 0xFFFFFFU : 0;
      CHECK((seen[y * WIDTH + x] & 0xFFFFFFU) == pixel);
    }
  }
}

static void
check_pointer(HWND const handle)
{
  forget();
  SendMessageW(handle, WM_MOUSEMOVE, 0, MAKELPARAM(7, 9));
  CHECK(last(WINDOW_MOVE)->x == 7 && last(WINDOW_MOVE)->y == 9);
  for (unsigned i = 0; i < 3; ++i) {
    SendMessageW(handle, WM_LBUTTONDOWN, MK_LBUTTON, MAKELPARAM(7, 9));
    CHECK(last(WINDOW_PRESS)->n_clicks == (i == 1 ? 2U : 1U));
    SendMessageW(handle, WM_LBUTTONUP, 0, MAKELPARAM(7, 9));
    CHECK(last(WINDOW_RELEASE)->button == 1);
  }
  SendMessageW(handle, WM_RBUTTONDOWN, MK_RBUTTON, MAKELPARAM(7, 9));
  CHECK(last(WINDOW_PRESS)->button == 3);
  SendMessageW(handle, WM_RBUTTONUP, 0, MAKELPARAM(7, 9));
  SendMessageW(handle, WM_MBUTTONDOWN, MK_MBUTTON, MAKELPARAM(7, 9));
  CHECK(last(WINDOW_PRESS)->button == 2);
  SendMessageW(handle, WM_MBUTTONUP, 0, MAKELPARAM(7, 9));
  SendMessageW(handle, WM_MOUSEWHEEL, MAKEWPARAM(0, WHEEL_DELTA), MAKELPARAM(30, 30));
  CHECK(fabs(last(WINDOW_SCROLL)->steps - 1) < 1e-9);
}

static void
check_keys(HWND const handle)
{
  forget();
  SendMessageW(handle, WM_KEYDOWN, VK_LEFT, 0);
  CHECK(last(WINDOW_KEY)->key == WINDOW_KEY_LEFT);
  SendMessageW(handle, WM_KEYDOWN, VK_RETURN, 0);
  CHECK(last(WINDOW_KEY)->key == WINDOW_KEY_ENTER);
  SendMessageW(handle, WM_CHAR, '\r', 0);
  CHECK(!has(WINDOW_TEXT));
  SendMessageW(handle, WM_CHAR, 0xFC, 0);
  CHECK(last(WINDOW_TEXT)->character == 0xFC);
  SendMessageW(handle, WM_CHAR, 0x10D, 0); // of no Western code page
  CHECK(last(WINDOW_TEXT)->character == 0x10D);
  CHECK(SendMessageW(handle, WM_GETDLGCODE, 0, 0) & DLGC_WANTALLKEYS);
}

static void
check_drop(HWND const handle)
{
  static const wchar_t names[] = L"C:\\a b\\\u00FC.wav\0C:\\other.wav\0";

  const HGLOBAL memory = GlobalAlloc(GHND, sizeof(DROPFILES) + sizeof(names));
  DROPFILES*    drop   = (DROPFILES*)GlobalLock(memory);
  CHECK(drop);
  drop->pFiles = sizeof(DROPFILES);
  drop->fWide  = TRUE;
  memcpy(drop + 1, names, sizeof(names));
  GlobalUnlock(memory);
  forget();
  CHECK(GetWindowLongW(handle, GWL_EXSTYLE) & WS_EX_ACCEPTFILES);
  SendMessageW(handle, WM_DROPFILES, (WPARAM)memory, 0);
  last(WINDOW_DROP);
  CHECK(!strcmp(path, "C:/a b/\xC3\xBC.wav"));
}

static void
check_window(Window* const window)
{
  HWND const handle = (HWND)table->native(window);
  pump(100);
  last(WINDOW_EXPOSE);
  check_pixels(window);
  check_pointer(handle);
  check_keys(handle);
  check_drop(handle);

  forget();
  table->set_size(window, 200, 100);
  pump(50);
  CHECK(last(WINDOW_SIZE)->x == 200 && last(WINDOW_SIZE)->y == 100);
  CHECK(table->scale(window) >= 1);
  CHECK(table->descriptor(window) == -1);

  forget();
  table->grab_focus(window);
  table->dispatch(window);
  CHECK(GetFocus() == handle);
}

static void
check_parent_goes_first(void)
{
  HWND const    parent = make_parent();
  Window* const window = open_window(parent);
  pump(50);
  DestroyWindow(parent);
  last(WINDOW_CLOSED);
  forget();
  const WindowArea area = {0, 0, WIDTH, HEIGHT};
  table->show(window, pixels, WIDTH, area);
  table->set_size(window, 10, 10);
  table->grab_focus(window);
  table->dispatch(window);
  CHECK(!table->choose_file(window, "Title"));
  table->close(window);
  CHECK(!n_events);
}

static void
check_churn(void)
{
  HWND const parent = make_parent();
  DWORD      before = 0;
  for (unsigned i = 0; i < 60; ++i) {
    if (i == 10) {
      before = GetGuiResources(GetCurrentProcess(), GR_USEROBJECTS);
    }
    Window* const window = open_window(parent);
    pump(1);
    table->close(window);
  }
  CHECK(GetGuiResources(GetCurrentProcess(), GR_USEROBJECTS) <= before + 2);
  DestroyWindow(parent);
}

int
main(void)
{
  const char* problem = NULL;
  table               = window_library(&problem);
  CHECK(table && !problem);

  HWND const    parent = make_parent();
  Window* const inner  = open_window(parent);
  CHECK(GetParent((HWND)table->native(inner)) == parent);
  check_window(inner);
  Window* const outer = open_window(NULL);
  check_window(outer);

  forget();
  SendMessageW((HWND)table->native(outer), WM_CLOSE, 0, 0);
  pump(50);
  last(WINDOW_CLOSED);
  table->close(outer);
  table->close(inner);
  DestroyWindow(parent);
  check_parent_goes_first();
  check_churn();
  puts("ended");
  return 0;
}
