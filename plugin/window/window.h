/* SPDX-License-Identifier: GPL-3.0-or-later

   A window of the system, inside one of the host's or of its own: pixels out, events
   in.  It knows nothing of what is painted.

   On Linux this is a library of its own, beside the plugin's binary, so that a host on
   a machine without X11's libraries still loads the plugin: `window_library` loads it.

   All functions are for the thread that opened the window. */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/// What has happened
typedef enum {
  WINDOW_EXPOSE,     ///< Pixels have been lost: show them again
  WINDOW_SIZE,       ///< `x` and `y` are the width and height now
  WINDOW_PRESS,      ///< A button went down
  WINDOW_RELEASE,    ///< A button went up, maybe outside
  WINDOW_MOVE,       ///< The pointer has moved, maybe outside while a button is down
  WINDOW_LEAVE,      ///< The pointer has left
  WINDOW_SCROLL,     ///< `steps` of the wheel, up is positive
  WINDOW_KEY,        ///< A key that gives no text went down: `key`
  WINDOW_TEXT,       ///< A character was typed: `character`
  WINDOW_FOCUS,      ///< Keys come here from now on
  WINDOW_BLUR,       ///< Keys go elsewhere from now on
  WINDOW_DRAG,       ///< A file that could be dropped is held over the window
  WINDOW_DRAG_LEAVE, ///< It is not any more
  WINDOW_DROP,       ///< A file was dropped: `path`
  WINDOW_CHOSEN,     ///< The file dialog has ended: `path`, NULL if nothing was chosen
  WINDOW_CLOSED      ///< The user, or the host, has closed the window
} WindowEventKind;

/// Keys that give no text
typedef enum {
  WINDOW_KEY_NONE,
  WINDOW_KEY_TAB,
  WINDOW_KEY_ENTER,
  WINDOW_KEY_ESCAPE,
  WINDOW_KEY_BACKSPACE,
  WINDOW_KEY_DELETE,
  WINDOW_KEY_LEFT,
  WINDOW_KEY_RIGHT,
  WINDOW_KEY_UP,
  WINDOW_KEY_DOWN,
  WINDOW_KEY_PAGE_UP,
  WINDOW_KEY_PAGE_DOWN,
  WINDOW_KEY_HOME,
  WINDOW_KEY_END
} WindowKey;

/// Keys that are held down, as bits
typedef enum { WINDOW_SHIFT = 1, WINDOW_CONTROL = 2, WINDOW_ALT = 4 } WindowModifier;

/// An event; the fields that its kind does not name are 0
typedef struct {
  WindowEventKind kind;
  double          x;         ///< Pixels from the left
  double          y;         ///< Pixels from the top
  double          steps;     ///< Of the wheel
  uint32_t        button;    ///< 1 left, 2 middle, 3 right
  uint32_t        n_clicks;  ///< 2 for the second press of a double click, else 1
  uint32_t        modifiers; ///< `WindowModifier`s
  WindowKey       key;
  uint32_t        character; ///< Unicode, not a control character
  const char*     path;      ///< UTF-8; borrowed for the call
} WindowEvent;

/// Take an event.  May show pixels and ask for a file, but not close the window.
typedef void (*WindowHandler)(void* context, const WindowEvent* event);

/// A rectangle of pixels
typedef struct {
  uint32_t x;
  uint32_t y;
  uint32_t width;
  uint32_t height;
} WindowArea;

/// What is wanted of a new window
typedef struct {
  uintptr_t     parent; ///< The host's window (X11 window, HWND, NSView); 0 for none
  uint32_t      width;  ///< Pixels; on macOS points
  uint32_t      height;
  const char*   title; ///< Of a window without a parent
  WindowHandler handler;
  void*         context; ///< For `handler`
} WindowSetup;

/// An open window
typedef struct WindowImpl Window;

/// The functions of a window
typedef struct {
  /// Open and show a window, or return NULL and say why
  Window* (*open)(const WindowSetup* setup, const char** problem);

  /// Close it; its parent may be gone already
  void (*close)(Window* window);

  /// Take what has happened: calls the handler.  Never waits.
  void (*dispatch)(Window* window);

  /// Change the size; the handler is called with `WINDOW_SIZE` in time
  void (*set_size)(Window* window, uint32_t width, uint32_t height);

  /**
     Show a part of a picture, at once.

     @param pixels Rows of `stride` pixels from the top left of the whole picture, each
            0xXXRRGGBB.
  */
  void (*show)(Window*         window,
               const uint32_t* pixels,
               uint32_t        stride,
               WindowArea      area);

  /// Take the focus of the keyboard
  void (*grab_focus)(Window* window);

  /// Return how many pixels the system would have a pixel be, 1 or more
  double (*scale)(const Window* window);

  /// Return a descriptor that can be read when `dispatch` has something to do, or -1
  int (*descriptor)(const Window* window);

  /// Return the system's number of the window (X11 window, HWND, NSView)
  uintptr_t (*native)(const Window* window);

  /// Ask for a sound file; `WINDOW_CHOSEN` comes in time, once however often that is
  /// wanted meanwhile.  False if there is no dialog.
  bool (*choose_file)(Window* window, const char* title);
} WindowTable;

/// Return the functions, or NULL and why there are none.  Loads a library.
const WindowTable*
window_library(const char** problem);
