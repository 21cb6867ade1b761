/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "python/env_layout.h"

#include "os/os.h"

#include <string.h>

bool
env_layout_executable(const char* const site, char executable[PATH_SIZE])
{
  // <prefix>/Lib/site-packages; a virtual environment has its programs in Scripts
  static const char* const programs[] = {"/Scripts/python.exe", "/python.exe"};

  char prefix[PATH_SIZE];
  if (path_join(prefix, site, "") && path_go_up(prefix, 2)) {
    for (unsigned i = 0; i < sizeof(programs) / sizeof(programs[0]); ++i) {
      if (path_join(executable, prefix, programs[i]) && path_exists(executable)) {
        return true;
      }
    }
  }
  executable[0] = '\0';
  return false;
}

/// Read where a virtual environment's Python is installed, its `home`
static bool
read_installation(const char* const config, char folder[PATH_SIZE])
{
  FILE* const file    = os_open(config);
  bool        is_read = false;
  char        line[PATH_SIZE];
  while (file && !is_read && fgets(line, sizeof(line), file)) {
    line[strcspn(line, "\r\n")] = '\0';
    const char* const equals    = strchr(line, '=');
    if (equals && !strncmp(line, "home", 4) && strspn(line + 4, " =") >= 1) {
      is_read = path_join(folder, equals + 1 + strspn(equals + 1, " "), "");
    }
  }
  if (file) {
    fclose(file);
  }
  os_tidy_path(folder);
  return is_read;
}

/// Find where Python is installed that an executable starts
static bool
find_installation(const char* const executable, char folder[PATH_SIZE])
{
  static const char* const configs[] = {"/pyvenv.cfg", "/../pyvenv.cfg"};

  char beside[PATH_SIZE];
  char config[PATH_SIZE];
  if (!path_join(beside, executable, "") || !path_go_up(beside, 1)) {
    return false;
  }
  for (unsigned i = 0; i < sizeof(configs) / sizeof(configs[0]); ++i) {
    if (path_join(config, beside, configs[i]) && path_exists(config)) {
      return read_installation(config, folder);
    }
  }
  return path_join(folder, beside, "");
}

void
env_layout_library(const char* const executable, char library[PATH_SIZE])
{
  char folder[PATH_SIZE] = "";
  if (!find_installation(executable, folder) ||
      !path_join(library, folder, "/" REQUINTO_LIBPYTHON_NAME)) {
    library[0] = '\0';
  }
}

bool
env_layout_is_our_version(const char* const executable)
{
  // Its name says which version a library is of
  char library[PATH_SIZE];
  env_layout_library(executable, library);
  return path_exists(library);
}
