/* SPDX-License-Identifier: GPL-3.0-or-later

   A sound file that the user gives one instance, wherever it is. */

#pragma once

#include "core/references.h"

#include <stdbool.h>
#include <stdint.h>

/**
   Keep a file's sound as a target, and write its index.

   A file of the user's folder is its own target, read again.  Another is named as the
   folder names files: without its ending, or with it if that is the name of a target of
   ours.  A target of that name, of the folder or added before, has its sound replaced
   in this list alone.  Once the list is full, what states or files brought longest ago
   gives way.  Not the audio thread.

   @param problem Why it is no target, or "".
*/
bool
reference_file_add(References*  references,
                   const char*  path,
                   uint32_t*    index,
                   const char** problem);
