/* SPDX-License-Identifier: GPL-3.0-or-later

   bridge.h for C files: cffi reads it too, so it cannot guard itself. */

#ifndef REQUINTO_DOOR_H
#define REQUINTO_DOOR_H

#include <stdint.h>

#include "bridge.h"

#endif
