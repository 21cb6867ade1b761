/* SPDX-License-Identifier: GPL-3.0-or-later

   Environments are recognised by what lies in them.  Takes a folder with some. */

#include "check.h"

#include "python/env_layout.h"

#include <string.h>

static char folder[PATH_SIZE];

/// Return the path of something in the folder; holds until the next but one
static const char*
in_folder(const char* const name)
{
  static char     paths[2][PATH_SIZE];
  static unsigned turn;
  char* const     path = paths[++turn % 2];
  CHECK(path_join(path, folder, name));
  return path;
}

static void
test_paths(void)
{
  char path[PATH_SIZE];
  CHECK(path_join(path, "/one", "/two/three") && !strcmp(path, "/one/two/three"));
  CHECK(path_go_up(path, 2) && !strcmp(path, "/one") && !path_go_up(path, 1));
  CHECK(path_exists(folder) && !path_exists(in_folder("/none")) && !path_exists(""));

  static char wide[2 * PATH_SIZE];
  memset(wide, 'a', sizeof(wide) - 1);
  CHECK(!path_join(path, "/", wide) && !path[0]);
}

static void
test_executable_of_site_packages(const char* const site, const char* const expected)
{
  char executable[PATH_SIZE];
  CHECK(env_layout_executable(in_folder(site), executable));
  CHECK(!strcmp(executable, in_folder(expected)));
  CHECK(env_layout_is_our_version(executable));
}

int
main(const int argc, char** const argv)
{
  CHECK(argc == 2 && path_join(folder, argv[1], ""));
  test_paths();

  char path[PATH_SIZE];
  CHECK(!env_layout_executable(in_folder("/none/lib/site-packages"), path) && !path[0]);
#ifdef _WIN32
  test_executable_of_site_packages("/installed/Lib/site-packages",
                                   "/installed/python.exe");
  test_executable_of_site_packages("/virtual/Lib/site-packages",
                                   "/virtual/Scripts/python.exe");
  CHECK(!env_layout_is_our_version(in_folder("/other/Scripts/python.exe")));

  // A virtual environment says where the installation is
  env_layout_library(in_folder("/virtual/Scripts/python.exe"), path);
  CHECK(!strcmp(path, in_folder("/installed/" REQUINTO_LIBPYTHON_NAME)));
  env_layout_library(in_folder("/installed/python.exe"), path);
  CHECK(!strcmp(path, in_folder("/installed/" REQUINTO_LIBPYTHON_NAME)));
#else
  test_executable_of_site_packages("/virtual/lib/python" REQUINTO_PYTHON_VERSION
                                   "/site-packages",
                                   "/virtual/bin/python");
  CHECK(!env_layout_is_our_version(in_folder("/other/bin/python")));
  env_layout_library(in_folder("/virtual/bin/python"), path);
  CHECK(!strcmp(path, REQUINTO_LIBPYTHON_NAME));
#endif
  return 0;
}
