/* SPDX-License-Identifier: GPL-3.0-or-later

   Paths, with '/' between their parts. */

#pragma once

#include <stdbool.h>

enum { PATH_SIZE = 4096 }; ///< For a path, with its end

/// Write two texts one after the other; return false, and write "", if too long
bool
path_join(char path[PATH_SIZE], const char* first, const char* second);

/// Cut the last `n` parts off a path; return false if it has not as many
bool
path_go_up(char* path, unsigned n);

/// Return whether there is a file or a folder
bool
path_exists(const char* path);
