/* SPDX-License-Identifier: GPL-3.0-or-later

   Paths, with '/' as their separator. */

#pragma once

#include <stdbool.h>

enum { PATH_SIZE = 4096 }; ///< For a path, with its end

/// Write two texts one after the other; return false, and write "", if too long
bool
path_join(char path[PATH_SIZE], const char* first, const char* second);

/// Cut the last `n` names off a path; return false if it has fewer
bool
path_go_up(char* path, unsigned n);

/// Return whether there is a file or a folder
bool
path_exists(const char* path);
