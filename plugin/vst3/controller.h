/* SPDX-License-Identifier: GPL-3.0-or-later

   The table of parameters for a VST3 host. */

#pragma once

#include "vst3/vst3.h"

extern const struct v3_edit_controller vst3_controller;
