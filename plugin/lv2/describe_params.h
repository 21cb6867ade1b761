/* SPDX-License-Identifier: GPL-3.0-or-later

   The table of parameters as JSON, so that Python needs no copy of it.

   An object: `version` of the plugin; `max_reference_bytes`; `learned_target`, the name
   of the target that a saved sound becomes; `clips`, an array in the order of the
   parameter `clip` (`label`, `beats`, `latency_seconds`); and `parameters`, an array in
   the order of the table.  Each parameter has

   - `id`, `key` (in saved states), `name`, `short_name`, `unit` (may be "");
   - `kind`: "number", "integer", "list" or "switch";
   - `min`, `max`, `default`: plain numbers; of a list or switch, indices;
   - `decimals` that are shown, and `labels`, empty for numbers; those of the target are
     the built-in ones;
   - `read_only`, `saved` and `bypass`: true or false. */

#pragma once

#include <stdio.h>

/// Write the whole file
void
describe_params(FILE* file);
