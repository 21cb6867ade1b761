/* SPDX-License-Identifier: GPL-3.0-or-later

   Which files a dialog offers. */

#pragma once

#include <stdbool.h>

/// The suffixes of sound files, with stars, as Windows' dialogs take them
#define SOUND_PATTERNS      "*.wav;*.flac;*.ogg;*.opus;*.mp3;*.aiff;*.aif"
#define SOUND_PATTERNS_WIDE L"" SOUND_PATTERNS

/// Return whether a name has one of these suffixes, in capitals or not
bool
is_sound_name(const char* name);
