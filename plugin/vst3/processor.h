/* SPDX-License-Identifier: GPL-3.0-or-later

   Blocks of sound from a VST3 host. */

#pragma once

#include "vst3/vst3.h"

extern const struct v3_audio_processor              vst3_processor;
extern const struct v3_process_context_requirements vst3_requirements;
