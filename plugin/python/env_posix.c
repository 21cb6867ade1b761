/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "python/env_layout.h"

#include "os/os.h"

#define VERSION_FOLDER "/lib/python" REQUINTO_PYTHON_VERSION

bool
env_layout_executable(const char* const site, char executable[PATH_SIZE])
{
  // <prefix>/lib/pythonX.Y/site-packages
  char prefix[PATH_SIZE];
  if (path_join(prefix, site, "") && path_go_up(prefix, 3) &&
      path_join(executable, prefix, "/bin/python") && path_exists(executable)) {
    return true;
  }
  executable[0] = '\0';
  return false;
}

/// Return whether `<prefix>/bin/python` has its version's folder in `<prefix>/lib`
static bool
has_version_folder(const char* const executable)
{
  char prefix[PATH_SIZE];
  char folder[PATH_SIZE];
  return path_join(prefix, executable, "") && path_go_up(prefix, 2) &&
         path_join(folder, prefix, VERSION_FOLDER) && path_exists(folder);
}

bool
env_layout_is_our_version(const char* const executable)
{
  // A virtual environment keeps its own folder for its version
  char real[PATH_SIZE];
  return has_version_folder(executable) ||
         (os_real_path(executable, real, sizeof(real)) && has_version_folder(real));
}

void
env_layout_library(const char* const executable, char library[PATH_SIZE])
{
  (void)executable; // the loader has its own list of folders
  path_join(library, REQUINTO_LIBPYTHON_NAME, "");
}
