/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "window/window.h"

#include "window/table.h"

#ifdef REQUINTO_WINDOW_NAME

#  include "os/os.h"
#  include "os/path.h"

typedef const void* (*TableFunc)(uint32_t version, size_t size);

/// Return the library beside our own binary, or NULL and why it does not load
static void*
load_library(const char** const problem)
{
  char folder[PATH_SIZE];
  char path[PATH_SIZE];
  if (!os_own_path(folder, sizeof(folder)) || !path_go_up(folder, 1) ||
      !path_join(path, folder, "/" REQUINTO_WINDOW_NAME)) {
    *problem = "cannot tell where this plugin is";
    return NULL;
  }
  if (!path_exists(path)) {
    *problem = "no window: the plugin was built without X11, or " REQUINTO_WINDOW_NAME
               " is not beside it";
    return NULL;
  }
  void* const library = os_library_open(path, false);
  if (!library) {
    *problem =
      "no window: " REQUINTO_WINDOW_NAME " does not load; is libX11 installed?";
  }
  return library;
}

const WindowTable*
window_library(const char** const problem)
{
  void* const library = load_library(problem);
  if (!library) {
    return NULL;
  }
  const TableFunc get =
    (TableFunc)(uintptr_t)os_library_symbol(library, "requinto_window");
  const WindowTable* const table =
    get ? (const WindowTable*)get(WINDOW_VERSION, sizeof(WindowTable)) : NULL;
  if (!table) {
    *problem = "no window: " REQUINTO_WINDOW_NAME " is of another version";
  }
  return table;
}

#elif defined(REQUINTO_NO_WINDOW)

const WindowTable*
window_library(const char** const problem)
{
  *problem = "no window: the plugin was built without X11";
  return NULL;
}

#else

const WindowTable*
window_library(const char** const problem)
{
  *problem = NULL;
  return (const WindowTable*)requinto_window(WINDOW_VERSION, sizeof(WindowTable));
}

#endif
