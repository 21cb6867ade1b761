/* SPDX-License-Identifier: GPL-3.0-or-later

   What the parameters have a stream do.

   All functions here are pure: any thread may call them. */

#pragma once

#include "core/params.h"
#include "os/attributes.h"
#include "python/bridge_table.h"

#include <stdbool.h>

/// Return what holds until an engine has sent something
StreamSettings
settings_initial(void) REALTIME;

/// Return the settings that plain values stand for
StreamSettings
settings_of(const double values[N_PARAMS]) REALTIME;

/// Return whether a stream would do something else
bool
settings_differ(const StreamSettings* one, const StreamSettings* other) REALTIME;
