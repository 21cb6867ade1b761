/* SPDX-License-Identifier: GPL-3.0-or-later

   Buses, activation and state for a VST3 host. */

#pragma once

#include "vst3/vst3.h"

extern const struct v3_component vst3_component;
