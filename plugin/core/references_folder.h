/* SPDX-License-Identifier: GPL-3.0-or-later

   The sound files that the user keeps for targets. */

#pragma once

#include <stddef.h>

enum { REFERENCES_FOLDER_MAX = 256, REFERENCES_FOLDER_MAX_PATH = 4096 };

/// Names of files, in order, and the folder that they are in
typedef struct {
  char   path[REFERENCES_FOLDER_MAX_PATH];
  char*  names[REFERENCES_FOLDER_MAX];
  size_t n;
} ReferencesFolder;

/// List the files that can be targets; log why others cannot, once in a
/// process.  To be ended with `references_folder_free`.
void
references_folder_read(ReferencesFolder* folder);

/// Free the names
void
references_folder_free(ReferencesFolder* folder);

/// Log why a file of the user's is not a target, unless an earlier list has; `name` is
/// NULL where it cannot be printed
void
references_folder_log(const char* name, const char* why);
