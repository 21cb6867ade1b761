/* SPDX-License-Identifier: GPL-3.0-or-later

   Files that are written when the plugin is built; what fails ends the program. */

#ifndef REQUINTO_LV2_DESCRIBE_FILE_H
#define REQUINTO_LV2_DESCRIBE_FILE_H

#include <stdio.h>

/// Open a file to be written
FILE*
describe_file_open(const char* path);

/// Close it, and see that all was written
void
describe_file_close(FILE* file);

#endif
