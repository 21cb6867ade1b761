/* SPDX-License-Identifier: GPL-3.0-or-later

   How an environment of Python lies on the disk, under each system. */

#ifndef REQUINTO_LAYOUT_H
#define REQUINTO_LAYOUT_H

#include "path.h"

#include <stdbool.h>

/// Find the executable of the environment whose site-packages folder this is
bool
layout_find_executable(const char* site, char executable[PATH_PLACES]);

/// Return whether an executable belongs to the version we were built for
bool
layout_is_our_version(const char* executable);

/// Write the shared library of an executable, or a name by which it may be found
void
layout_find_library(const char* executable, char library[PATH_PLACES]);

#endif
