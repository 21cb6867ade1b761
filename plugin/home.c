/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "home.h"

#include "layout.h"
#include "os.h"

#include <stdio.h>
#include <string.h>

/* What CMake found: REQUINTO_PYTHON_EXECUTABLE and REQUINTO_LIBPYTHON, or "", and
   what it builds: REQUINTO_BRIDGE_NAME. */

/// Take one `key=value` line of the bundle's file
static void
take_line(PythonHome* const home, char* const line)
{
  line[strcspn(line, "\r\n")] = '\0';
  char* const equals          = strchr(line, '=');
  if (equals) {
    *equals                 = '\0';
    const char* const value = equals + 1;
    if (!strcmp(line, "executable")) {
      path_join(home->executable, value, "");
    } else if (!strcmp(line, "libpython")) {
      path_join(home->libpython, value, "");
    } else if (!strcmp(line, "site")) {
      path_join(home->site, value, "");
    }
  }
}

/// Read what `requinto plugin install` wrote
static bool
read_conf(PythonHome* const home, const char* const folder, const char* const name)
{
  char path[PATH_PLACES];
  path_join(path, folder, name);
  FILE* const file = os_open(path);
  if (!file) {
    return false;
  }
  char line[PATH_PLACES];
  while (fgets(line, sizeof(line), file)) {
    take_line(home, line);
  }
  fclose(file);
  return home->executable[0];
}

/// Recognise `<site-packages>/requinto`, so many folders above ours
static bool
find_around(PythonHome* const home, const char* const folder, const unsigned n_up)
{
  char place[PATH_PLACES];
  char init[PATH_PLACES];
  if (!path_join(place, folder, "") || !path_go_up(place, n_up) ||
      !path_join(init, place, "/__init__.py") || !path_exists(init) ||
      !path_go_up(place, 1)) {
    return false;
  }
  return path_join(home->site, place, "") &&
         layout_find_executable(place, home->executable);
}

/// Take what is recorded of the library, or look where it should be
static void
find_library(PythonHome* const home)
{
  if (path_exists(home->libpython)) {
    return;
  }
  if (path_exists(REQUINTO_LIBPYTHON)) {
    path_join(home->libpython, REQUINTO_LIBPYTHON, "");
  } else {
    layout_find_library(home->executable, home->libpython);
  }
}

bool
home_find(PythonHome* const home)
{
  memset(home, 0, sizeof(*home));

  // <folder>/<this library>, or <bundle>/Contents/<system>/<this library>
  char folder[PATH_PLACES];
  char contents[PATH_PLACES];
  if (!os_own_path(folder, sizeof(folder)) || !path_go_up(folder, 1) ||
      !path_join(home->bridge, folder, "/" REQUINTO_BRIDGE_NAME) ||
      !path_join(contents, folder, "") || !path_go_up(contents, 1)) {
    return false;
  }

  if (!read_conf(home, folder, "/requinto.conf") &&
      !read_conf(home, contents, "/Resources/requinto.conf") &&
      !find_around(home, folder, 1)) {
    find_around(home, folder, 3);
  }
  if (!home->executable[0]) {
    path_join(home->executable, REQUINTO_PYTHON_EXECUTABLE, "");
  }
  char chosen[PATH_PLACES];
  if (os_variable("REQUINTO_PYTHON", chosen, sizeof(chosen)) && chosen[0]) {
    path_join(home->executable, chosen, "");
  }
  os_tidy_path(home->executable);
  find_library(home);
  return true;
}

bool
home_has_python(const PythonHome* const home)
{
  return path_exists(home->executable);
}

bool
home_is_our_version(const PythonHome* const home)
{
  return layout_is_our_version(home->executable);
}
