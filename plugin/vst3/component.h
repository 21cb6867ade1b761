/* SPDX-License-Identifier: GPL-3.0-or-later

   Buses, activation and state for a VST3 host. */

#ifndef REQUINTO_VST3_COMPONENT_H
#define REQUINTO_VST3_COMPONENT_H

#include "vst3/vst3.h"

extern const struct v3_component vst3_component;

#endif
