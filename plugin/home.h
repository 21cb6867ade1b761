/* SPDX-License-Identifier: GPL-3.0-or-later

   Where the Python environment is that this plugin belongs to.

   In order: the file `requinto.conf` that `requinto plugin install` writes beside
   this library or, in a bundle, as `Contents/Resources/requinto.conf`; the
   environment whose site-packages hold them; the one that CMake saw.  The environment
   variable REQUINTO_PYTHON, the path of an executable, goes before all of these. */

#ifndef REQUINTO_HOME_H
#define REQUINTO_HOME_H

#include "path.h"

#include <stdbool.h>

/// Paths; those that are not known are ""
typedef struct {
  char executable[PATH_PLACES]; ///< Of the environment, as `sys.executable`
  char libpython[PATH_PLACES];  ///< The shared library to load
  char site[PATH_PLACES];       ///< Where `requinto` can be imported from
  char bridge[PATH_PLACES];     ///< The bridge, beside this library
} PythonHome;

/// Find our Python; return false if even our own place is unknown
bool
home_find(PythonHome* home);

/// Return whether the executable is there
bool
home_has_python(const PythonHome* home);

/// Return whether the executable belongs to the version we were built for
bool
home_is_our_version(const PythonHome* home);

#endif
