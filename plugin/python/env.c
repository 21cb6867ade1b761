/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "python/env.h"

#include "os/os.h"
#include "python/env_layout.h"

#include <stdio.h>
#include <string.h>

/* What CMake found: REQUINTO_PYTHON_EXECUTABLE and REQUINTO_LIBPYTHON, or "", and
   what it builds: REQUINTO_BRIDGE_NAME. */

/// Take one `key=value` line of the bundle's file
static void
take_line(PythonEnv* const env, char* const line)
{
  line[strcspn(line, "\r\n")] = '\0';
  char* const equals          = strchr(line, '=');
  if (equals) {
    *equals                 = '\0';
    const char* const value = equals + 1;
    if (!strcmp(line, "executable")) {
      path_join(env->executable, value, "");
    } else if (!strcmp(line, "libpython")) {
      path_join(env->libpython, value, "");
    } else if (!strcmp(line, "site")) {
      path_join(env->site, value, "");
    }
  }
}

/// Read what `requinto plugin install` wrote
static bool
read_conf(PythonEnv* const env, const char* const folder, const char* const name)
{
  char path[PATH_SIZE];
  path_join(path, folder, name);
  FILE* const file = os_open(path);
  if (!file) {
    return false;
  }
  char line[PATH_SIZE];
  while (fgets(line, sizeof(line), file)) {
    take_line(env, line);
  }
  fclose(file);
  return env->executable[0];
}

/// Recognise `<site-packages>/requinto`, so many folders above ours
static bool
find_around(PythonEnv* const env, const char* const folder, const unsigned n_up)
{
  char package[PATH_SIZE];
  char init[PATH_SIZE];
  if (!path_join(package, folder, "") || !path_go_up(package, n_up) ||
      !path_join(init, package, "/__init__.py") || !path_exists(init) ||
      !path_go_up(package, 1)) {
    return false;
  }
  return path_join(env->site, package, "") &&
         env_layout_executable(package, env->executable);
}

/// Take what is recorded of the library, or look where it should be
static void
find_library(PythonEnv* const env)
{
  if (path_exists(env->libpython)) {
    return;
  }
  if (path_exists(REQUINTO_LIBPYTHON)) {
    path_join(env->libpython, REQUINTO_LIBPYTHON, "");
  } else {
    env_layout_library(env->executable, env->libpython);
  }
}

bool
env_find(PythonEnv* const env)
{
  memset(env, 0, sizeof(*env));

  // <folder>/<this library>, or <bundle>/Contents/<system>/<this library>
  char folder[PATH_SIZE];
  char contents[PATH_SIZE];
  if (!os_own_path(folder, sizeof(folder)) || !path_go_up(folder, 1) ||
      !path_join(env->bridge, folder, "/" REQUINTO_BRIDGE_NAME) ||
      !path_join(contents, folder, "") || !path_go_up(contents, 1)) {
    return false;
  }

  if (!read_conf(env, folder, "/requinto.conf") &&
      !read_conf(env, contents, "/Resources/requinto.conf") &&
      !find_around(env, folder, 1)) {
    find_around(env, folder, 3);
  }
  if (!env->executable[0]) {
    path_join(env->executable, REQUINTO_PYTHON_EXECUTABLE, "");
  }
  char chosen[PATH_SIZE];
  if (os_variable("REQUINTO_PYTHON", chosen, sizeof(chosen)) && chosen[0]) {
    path_join(env->executable, chosen, "");
  }
  os_tidy_path(env->executable);
  find_library(env);
  return true;
}
