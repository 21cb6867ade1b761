/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "lv2/describe_file.h"

#include <stdlib.h>

FILE*
describe_file_open(const char* const path)
{
  FILE* const file = fopen(path, "w");
  if (!file) {
    perror(path);
    exit(1);
  }
  return file;
}

void
describe_file_close(FILE* const file)
{
  if (ferror(file) || fclose(file)) {
    perror("cannot write");
    exit(1);
  }
}
