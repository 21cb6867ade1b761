/* SPDX-License-Identifier: GPL-3.0-or-later

   A sound file in memory, whole, whatever its format. */

#pragma once

#include <stdint.h>

enum { SOUND_FILE_MAX_SIZE = 64 << 20 }; ///< Bytes: some minutes in stereo

/// The bytes of a file; never changed
typedef struct {
  uint32_t      n_bytes;
  unsigned char bytes[];
} SoundFile;

/// Return a copy of some bytes, to be freed with `free`, or NULL
SoundFile*
sound_file_copy(const unsigned char* bytes, uint32_t n_bytes);

/**
   Return a file, to be freed with `free`, or NULL if it cannot be read, or exceeds
   `SOUND_FILE_MAX_SIZE`.  Not the audio thread.

   @param problem Why there is none, or "".
*/
SoundFile*
sound_file_read(const char* path, const char** problem);
