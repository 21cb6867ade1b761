/* SPDX-License-Identifier: GPL-3.0-or-later

   How an environment of Python lies on the disk, under each system. */

#pragma once

#include "os/path.h"

#include <stdbool.h>

/// Find the executable of the environment whose site-packages folder this is
bool
env_layout_executable(const char* site, char executable[PATH_SIZE]);

/// Return whether an executable belongs to the version we were built for
bool
env_layout_is_our_version(const char* executable);

/// Write the shared library of an executable, or a name by which it may be found
void
env_layout_library(const char* executable, char library[PATH_SIZE]);
