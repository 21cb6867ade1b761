/* SPDX-License-Identifier: GPL-3.0-or-later

   The description of the LV2 plugins that hosts read, in Turtle. */

#pragma once

#include <stdio.h>

/// Write manifest.ttl, which names the binary beside it; `ui` is the class of the
/// system's windows, such as `X11UI`, or NULL for a plugin that has none
void
describe_manifest(FILE* file, const char* binary, const char* ui);

/// Write requinto.ttl
void
describe_plugins(FILE* file, const char* ui);
