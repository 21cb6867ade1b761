/* SPDX-License-Identifier: GPL-3.0-or-later

   Write down the table of parameters, for LV2's hosts and for Python.

       describe FOLDER BINARY PARAMS

   Run when the plugin is built: writes manifest.ttl and requinto.ttl into a folder,
   which name the binary beside them, and the file `params.json`. */

#include "lv2/describe_params.h"
#include "lv2/describe_turtle.h"

#include <stdio.h>
#include <stdlib.h>

static FILE*
open_file(const char* const folder, const char* const name)
{
  char path[4096];
  snprintf(path, sizeof(path), "%s%s", folder, name);
  FILE* const file = fopen(path, "w");
  if (!file) {
    perror(path);
    exit(1);
  }
  return file;
}

/// Close a file, and see that all was written
static void
close_file(FILE* const file)
{
  if (ferror(file) || fclose(file)) {
    perror("cannot write");
    exit(1);
  }
}

int
main(const int argc, char** const argv)
{
  if (argc != 4) {
    fprintf(stderr, "usage: describe FOLDER BINARY PARAMS\n");
    return 2;
  }
  FILE* const manifest = open_file(argv[1], "/manifest.ttl");
  FILE* const plugins  = open_file(argv[1], "/requinto.ttl");
  FILE* const params   = open_file(argv[3], "");
  describe_manifest(manifest, argv[2]);
  describe_plugins(plugins);
  describe_params(params);
  close_file(manifest);
  close_file(plugins);
  close_file(params);
  return 0;
}
