/* SPDX-License-Identifier: GPL-3.0-or-later

   `native.h` for Windows.

   The host's loop of messages calls the window's procedure, so events come at any time,
   not only from `dispatch`. */

#include "window/native.h"

#include "os/os.h"
#include "os/win32_text.h"
#include "window/sound_names.h"

#include <windows.h>

#include <commdlg.h>
#include <objbase.h>
#include <shellapi.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  MESSAGE_CHOSEN = WM_APP + 28,       ///< `LPARAM` is a path to be freed, or 0
  MAX_PATH_BYTES = 3 * WIN32_MAX_PATH ///< UTF-8
};

static const wchar_t PROPERTY[] = L"Requinto"; ///< Of a window: its `Native`

struct NativeImpl {
  WindowHandler handler;
  void*         context;
  HWND          window;
  WNDPROC       procedure;    ///< pugl's
  bool          is_destroyed; ///< The window, by its parent's end
};

/// What the thread of a dialog works with
typedef struct {
  HWND          window;
  OPENFILENAMEW options;
  wchar_t       title[WIN32_MAX_PATH];
  wchar_t       path[WIN32_MAX_PATH];
} Dialog;

static atomic_flag has_dialog = ATOMIC_FLAG_INIT; ///< One is open

static HMODULE
own_module(void)
{
  HMODULE module = NULL;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                       GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     (LPCWSTR)(const void*)PROPERTY,
                     &module);
  return module;
}

const char*
native_class(void)
{
  // pugl does not say whose class it means, and each format is a module of its own
  static char name[32];
  snprintf(name, sizeof(name), "Requinto-%p", (void*)own_module());
  return name;
}

double
native_unit(void)
{
  return 1;
}

static void
report(const Native* const native, const WindowEvent event)
{
  native->handler(native->context, &event);
}

/// Report the path of a dropped or chosen file, if there is one
static void
report_path(const Native* const   native,
            const WindowEventKind kind,
            const wchar_t* const  wide)
{
  char       path[MAX_PATH_BYTES];
  const bool is_there = wide && win32_from_wide(wide, path, sizeof(path));
  if (is_there) {
    os_tidy_path(path);
  }
  if (is_there || kind == WINDOW_CHOSEN) {
    report(native, (WindowEvent){.kind = kind, .path = is_there ? path : NULL});
  }
}

static void
take_drop(const Native* const native, HDROP const drop)
{
  wchar_t wide[WIN32_MAX_PATH];
  if (DragQueryFileW(drop, 0, wide, WIN32_MAX_PATH)) {
    report_path(native, WINDOW_DROP, wide);
  }
  DragFinish(drop);
}

static uint32_t
modifiers_held(void)
{
  return (GetKeyState(VK_SHIFT) < 0 ? WINDOW_SHIFT : 0U) |
         (GetKeyState(VK_CONTROL) < 0 ? WINDOW_CONTROL : 0U) |
         (GetKeyState(VK_MENU) < 0 ? WINDOW_ALT : 0U);
}

/// Take what pugl does not; it is of an ANSI window, whose characters are a code page's
static LRESULT CALLBACK
take_message(HWND const   window,
             const UINT   message,
             const WPARAM wide_parameter,
             const LPARAM long_parameter)
{
  Native* const native    = (Native*)GetPropW(window, PROPERTY);
  const WNDPROC procedure = native ? native->procedure : DefWindowProcW;
  switch (native ? message : WM_NULL) {
    case WM_GETDLGCODE:
      return DLGC_WANTALLKEYS | DLGC_WANTCHARS; // of hosts whose windows are dialogs
    case WM_PAINT: {
      // pugl's way of this leaves the window's context clipped to what was painted here
      PAINTSTRUCT paint;
      BeginPaint(window, &paint);
      EndPaint(window, &paint);
      report(native, (WindowEvent){.kind = WINDOW_EXPOSE});
      return 0;
    }
    case WM_DROPFILES:
      take_drop(native, (HDROP)wide_parameter);
      return 0;
    case WM_CHAR:
      report(native,
             (WindowEvent){.kind      = WINDOW_TEXT,
                           .modifiers = modifiers_held(),
                           .character = (uint32_t)wide_parameter});
      return 0;
    case MESSAGE_CHOSEN:
      report_path(native, WINDOW_CHOSEN, (const wchar_t*)long_parameter);
      free((void*)long_parameter);
      return 0;
    case WM_NCDESTROY: {
      native->is_destroyed = true;
      RemovePropW(window, PROPERTY);
      const LRESULT result =
        CallWindowProcW(procedure, window, message, wide_parameter, long_parameter);
      report(native, (WindowEvent){.kind = WINDOW_CLOSED});
      return result;
    }
    default:
      return CallWindowProcW(
        procedure, window, message, wide_parameter, long_parameter);
  }
}

Native*
native_new(void* const world, const WindowHandler handler, void* const context)
{
  Native* const native = (Native*)calloc(1, sizeof(Native));
  (void)world;
  if (native) {
    native->handler = handler;
    native->context = context;
  }
  return native;
}

bool
native_attach(Native* const native, const uintptr_t window)
{
  native->window = (HWND)window;
  if (!window || !SetPropW(native->window, PROPERTY, native)) {
    native->window = NULL;
    return false;
  }
  native->procedure =
    (WNDPROC)SetWindowLongPtrW(native->window, GWLP_WNDPROC, (LONG_PTR)take_message);
  DragAcceptFiles(native->window, TRUE);
  return true;
}

void
native_detach(Native* const native)
{
  if (native_is_alive(native)) {
    SetWindowLongPtrA(native->window, GWLP_WNDPROC, (LONG_PTR)native->procedure);
    RemovePropW(native->window, PROPERTY);
  }
  native->window = NULL;
}

void
native_free(Native* const native)
{
  // A module that is unloaded leaves no class behind.  Fails while others have windows.
  UnregisterClassA(native_class(), own_module());
  free(native);
}

void
native_show(Native* const         native,
            const uint32_t* const pixels,
            const uint32_t        stride,
            const WindowArea      area)
{
  // Rows from the top, which is what a negative height says
  const BITMAPINFO about   = {.bmiHeader = {.biSize        = sizeof(BITMAPINFOHEADER),
                                            .biWidth       = (LONG)stride,
                                            .biHeight      = -(LONG)area.height,
                                            .biPlanes      = 1,
                                            .biBitCount    = 32,
                                            .biCompression = BI_RGB}};
  HDC const        context = GetDC(native->window);
  SetDIBitsToDevice(context,
                    (int)area.x,
                    (int)area.y,
                    area.width,
                    area.height,
                    (int)area.x,
                    0,
                    0,
                    area.height,
                    pixels + (size_t)area.y * stride,
                    &about,
                    DIB_RGB_COLORS);
  ReleaseDC(native->window, context);
}

void
native_grab_focus(Native* const native)
{
  SetFocus(native->window);
}

/// Run the dialog, which waits for the user, and post what was chosen
static void
run_dialog(void* const argument)
{
  Dialog* const dialog = (Dialog*)argument;
  const bool    has_com =
    SUCCEEDED(CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE));
  wchar_t* const path =
    GetOpenFileNameW(&dialog->options) ? _wcsdup(dialog->path) : NULL;
  if (!PostMessageW(dialog->window, MESSAGE_CHOSEN, 0, (LPARAM)path)) {
    free(path); // the window is closed
  }
  if (has_com) {
    CoUninitialize();
  }
  free(dialog);
  atomic_flag_clear(&has_dialog);
}

bool
native_choose_file(Native* const native, const char* const title, const double scale)
{
  static const wchar_t patterns[] =
    L"Sounds\0" SOUND_PATTERNS_WIDE L"\0All files\0*.*\0";

  (void)scale;
  if (atomic_flag_test_and_set(&has_dialog)) {
    return false;
  }
  Dialog* const dialog = (Dialog*)calloc(1, sizeof(Dialog));
  if (dialog && win32_to_wide(title, dialog->title)) {
    dialog->window = native->window;
    dialog->options =
      (OPENFILENAMEW){.lStructSize = sizeof(OPENFILENAMEW),
                      .hwndOwner   = GetAncestor(native->window, GA_ROOT),
                      .lpstrFilter = patterns,
                      .lpstrFile   = dialog->path,
                      .nMaxFile    = WIN32_MAX_PATH,
                      .lpstrTitle  = dialog->title,
                      .Flags = OFN_EXPLORER | OFN_FILEMUSTEXIST | OFN_NOCHANGEDIR};
    os_pin_self(); // the user may leave the dialog open when the plugin is gone
    OsThread* const thread = os_thread_start(run_dialog, dialog);
    if (thread) {
      os_thread_detach(thread);
      return true;
    }
  }
  free(dialog);
  atomic_flag_clear(&has_dialog);
  return false;
}

bool
native_is_alive(const Native* const native)
{
  return native->window && !native->is_destroyed;
}
