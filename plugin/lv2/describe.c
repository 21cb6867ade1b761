/* SPDX-License-Identifier: GPL-3.0-or-later

   Write down the table of parameters, for LV2's hosts and for Python.

       describe FOLDER BINARY PARAMS

   Run when the plugin is built: writes manifest.ttl and requinto.ttl into a folder,
   which name the binary beside them, and the file `params.json`. */

#include "lv2/describe_params.h"
#include "lv2/describe_turtle.h"

#include <stdio.h>

int
main(const int argc, char** const argv)
{
  if (argc != 4) {
    fprintf(stderr, "usage: describe FOLDER BINARY PARAMS\n");
    return 2;
  }
  describe_turtle(argv[1], argv[2]);
  describe_params(argv[3]);
  return 0;
}
