/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "home.h"

#include "os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What CMake found: REQUINTO_PYTHON_VERSION, REQUINTO_PYTHON_EXECUTABLE,
   REQUINTO_LIBPYTHON and REQUINTO_LIBPYTHON_NAME. */

/// Write two texts one after the other; return false, and write "", if too long
static bool
join(char* const path, const char* const first, const char* const second)
{
  const int n = snprintf(path, HOME_MAX_PATH, "%s%s", first, second);
  if (n < 0 || n >= HOME_MAX_PATH) {
    path[0] = '\0';
    return false;
  }
  return true;
}

static bool
exists(const char* const path)
{
  char real[HOME_MAX_PATH];
  return os_real_path(path, real, sizeof(real));
}

/// Cut the last `n` parts off a path
static bool
go_up(char* const path, const unsigned n)
{
  for (unsigned i = 0; i < n; ++i) {
    char* const slash = strrchr(path, '/');
    if (!slash || slash == path) {
      return false;
    }
    *slash = '\0';
  }
  return true;
}

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
      join(home->executable, value, "");
    } else if (!strcmp(line, "libpython")) {
      join(home->libpython, value, "");
    } else if (!strcmp(line, "site")) {
      join(home->site, value, "");
    }
  }
}

/// Read what `requinto plugin install` wrote into the bundle
static bool
read_conf(PythonHome* const home, const char* const contents)
{
  char path[HOME_MAX_PATH];
  join(path, contents, "/Resources/requinto.conf");
  FILE* const file = fopen(path, "r");
  if (!file) {
    return false;
  }
  char line[HOME_MAX_PATH];
  while (fgets(line, sizeof(line), file)) {
    take_line(home, line);
  }
  fclose(file);
  return home->executable[0];
}

/// Recognise `<prefix>/lib/pythonX.Y/site-packages/requinto/Requinto.vst3`
static bool
find_around(PythonHome* const home, const char* const contents)
{
  char place[HOME_MAX_PATH];
  char init[HOME_MAX_PATH];
  char python[HOME_MAX_PATH];
  if (!join(place, contents, "") || !go_up(place, 2) ||
      !join(init, place, "/__init__.py") || !exists(init) || !go_up(place, 1)) {
    return false;
  }
  join(home->site, place, "");
  if (go_up(place, 3) && join(python, place, "/bin/python") && exists(python)) {
    join(home->executable, python, "");
  }
  return true;
}

bool
home_find(PythonHome* const home)
{
  memset(home, 0, sizeof(*home));

  // Contents/<architecture>/Requinto.so
  char contents[HOME_MAX_PATH];
  if (!os_own_path(contents, sizeof(contents)) || !go_up(contents, 1) ||
      !join(home->bridge, contents, "/requinto_bridge.so") || !go_up(contents, 1)) {
    return false;
  }

  if (!read_conf(home, contents)) {
    find_around(home, contents);
  }
  if (!home->executable[0]) {
    join(home->executable, REQUINTO_PYTHON_EXECUTABLE, "");
  }
  const char* const chosen = getenv("REQUINTO_PYTHON");
  if (chosen && chosen[0]) {
    join(home->executable, chosen, "");
  }
  if (!exists(home->libpython)) {
    const bool recorded = exists(REQUINTO_LIBPYTHON);
    join(home->libpython, recorded ? REQUINTO_LIBPYTHON : REQUINTO_LIBPYTHON_NAME, "");
  }
  return true;
}

bool
home_has_python(const PythonHome* const home)
{
  return exists(home->executable);
}

bool
home_is_our_version(const PythonHome* const home)
{
  // A virtual environment keeps its own folder for its version
  char place[HOME_MAX_PATH];
  char library[HOME_MAX_PATH];
  if (join(place, home->executable, "") && go_up(place, 2) &&
      join(library, place, "/lib/python" REQUINTO_PYTHON_VERSION) && exists(library)) {
    return true;
  }
  return os_real_path(home->executable, place, sizeof(place)) && go_up(place, 2) &&
         join(library, place, "/lib/python" REQUINTO_PYTHON_VERSION) && exists(library);
}
