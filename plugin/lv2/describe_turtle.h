/* SPDX-License-Identifier: GPL-3.0-or-later

   The description of the LV2 plugins that hosts read, in Turtle. */

#pragma once

#include <stdio.h>

/// Write manifest.ttl, which names the binary beside it
void
describe_manifest(FILE* file, const char* binary);

/// Write requinto.ttl
void
describe_plugins(FILE* file);
