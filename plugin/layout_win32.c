/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "layout.h"

#include "os.h"

#include <string.h>

bool
layout_find_executable(const char* const site, char executable[PATH_PLACES])
{
  // <prefix>/Lib/site-packages; a virtual environment has its programs in Scripts
  static const char* const places[] = {"/Scripts/python.exe", "/python.exe"};

  char prefix[PATH_PLACES];
  if (path_join(prefix, site, "") && path_go_up(prefix, 2)) {
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); ++i) {
      if (path_join(executable, prefix, places[i]) && path_exists(executable)) {
        return true;
      }
    }
  }
  executable[0] = '\0';
  return false;
}

/// Read where a virtual environment's Python is installed, its `home`
static bool
read_home(const char* const config, char home[PATH_PLACES])
{
  FILE* const file  = os_open(config);
  bool        found = false;
  char        line[PATH_PLACES];
  while (file && !found && fgets(line, sizeof(line), file)) {
    line[strcspn(line, "\r\n")] = '\0';
    const char* const equals    = strchr(line, '=');
    if (equals && !strncmp(line, "home", 4) && strspn(line + 4, " =") >= 1) {
      found = path_join(home, equals + 1 + strspn(equals + 1, " "), "");
    }
  }
  if (file) {
    fclose(file);
  }
  os_tidy_path(home);
  return found;
}

/// Find where Python is installed that an executable starts
static bool
find_installation(const char* const executable, char folder[PATH_PLACES])
{
  static const char* const configs[] = {"/pyvenv.cfg", "/../pyvenv.cfg"};

  char beside[PATH_PLACES];
  char config[PATH_PLACES];
  if (!path_join(beside, executable, "") || !path_go_up(beside, 1)) {
    return false;
  }
  for (unsigned i = 0; i < sizeof(configs) / sizeof(configs[0]); ++i) {
    if (path_join(config, beside, configs[i]) && path_exists(config)) {
      return read_home(config, folder);
    }
  }
  return path_join(folder, beside, "");
}

void
layout_find_library(const char* const executable, char library[PATH_PLACES])
{
  char folder[PATH_PLACES] = "";
  if (!find_installation(executable, folder) ||
      !path_join(library, folder, "/" REQUINTO_LIBPYTHON_NAME)) {
    library[0] = '\0';
  }
}

bool
layout_is_our_version(const char* const executable)
{
  // Its name says which version a library is of
  char library[PATH_PLACES];
  layout_find_library(executable, library);
  return path_exists(library);
}
