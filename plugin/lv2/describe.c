/* SPDX-License-Identifier: GPL-3.0-or-later

   Write down the table of parameters, for LV2's hosts and for Python.

       describe FOLDER BINARY PARAMS [UI]

   Run when the plugin is built: writes manifest.ttl and requinto.ttl into a folder,
   which name the binary beside them, and the file `params.json`.  `UI` is LV2's class
   of the system's windows, for a plugin that has one. */

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
  if (argc != 4 && argc != 5) {
    fprintf(stderr, "usage: describe FOLDER BINARY PARAMS [UI]\n");
    return 2;
  }
  FILE* const       manifest = open_file(argv[1], "/manifest.ttl");
  FILE* const       plugins  = open_file(argv[1], "/requinto.ttl");
  FILE* const       params   = open_file(argv[3], "");
  const char* const ui       = argc == 5 ? argv[4] : NULL;
  describe_manifest(manifest, argv[2], ui);
  describe_plugins(plugins, ui);
  describe_params(params);
  close_file(manifest);
  close_file(plugins);
  close_file(params);
  return 0;
}
