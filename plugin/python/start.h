/* SPDX-License-Identifier: GPL-3.0-or-later

   The one function of the bridge that is not Python's. */

#pragma once

#include "os/attributes.h"

#include <stdint.h>

/**
   Start Python unless it runs already; return 0 if it does not start.

   To be called before any function of bridge.h, without Python's lock.

   @param executable Of the environment to start in; "" where Python runs already,
   and is not to be started if it has ended meanwhile.
   @param site Where `requinto` can be imported from, if not otherwise; or "".
*/
EXPORT uint32_t
requinto_start(const char* executable, const char* site);
