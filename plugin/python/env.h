/* SPDX-License-Identifier: GPL-3.0-or-later

   Where the Python environment is that this plugin belongs to.

   In order: the file `requinto.conf` that `requinto plugin install` writes beside
   this library or, in a bundle, as `Contents/Resources/requinto.conf`; the
   environment whose site-packages hold them; the one that CMake saw.  The environment
   variable REQUINTO_PYTHON, the path of an executable, goes before all of these. */

#pragma once

#include "os/path.h"

#include <stdbool.h>

/// Paths; those that are not known are ""
typedef struct {
  char executable[PATH_SIZE]; ///< Of the environment, as `sys.executable`
  char libpython[PATH_SIZE];  ///< The shared library to load
  char site[PATH_SIZE];       ///< Where `requinto` can be imported from
  char bridge[PATH_SIZE];     ///< The bridge, beside this library
} PythonEnv;

/// Find our Python; return false if even our own path is unknown
bool
env_find(PythonEnv* env);
