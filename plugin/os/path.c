/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "os/path.h"

#include "os/os.h"

#include <stdio.h>
#include <string.h>

bool
path_join(char path[PATH_SIZE], const char* const first, const char* const second)
{
  const int n = snprintf(path, PATH_SIZE, "%s%s", first, second);
  if (n < 0 || n >= PATH_SIZE) {
    path[0] = '\0';
    return false;
  }
  return true;
}

bool
path_go_up(char* const path, const unsigned n)
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

bool
path_exists(const char* const path)
{
  char real[PATH_SIZE];
  return os_real_path(path, real, sizeof(real));
}
