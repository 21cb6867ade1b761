/* SPDX-License-Identifier: GPL-3.0-or-later

   What hosts read of the LV2 plugins, in Turtle. */

#pragma once

#include <stdio.h>

/// Write manifest.ttl, which names the binary beside it
void
describe_manifest(FILE* file, const char* binary);

/// Write requinto.ttl
void
describe_plugins(FILE* file);
