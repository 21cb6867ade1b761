/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/sound_file.h"

#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

SoundFile*
sound_file_copy(const unsigned char* const bytes, const uint32_t n_bytes)
{
  SoundFile* const sound = (SoundFile*)calloc(1, sizeof(SoundFile) + n_bytes);
  if (sound) {
    sound->n_bytes = n_bytes;
    memcpy(sound->bytes, bytes, n_bytes);
  }
  return sound;
}

SoundFile*
sound_file_read(const char* const path, const char** const problem)
{
  SoundFile*  sound = NULL;
  FILE* const file  = os_open(path);
  const long  n     = file && !fseek(file, 0, SEEK_END) ? ftell(file) : -1;
  *problem          = !file                     ? "there is no file that can be opened"
                      : !n                      ? "the file is empty"
                      : n > SOUND_FILE_MAX_SIZE ? "the file exceeds 64 MiB"
                                                : "the file cannot be read";
  if (n > 0 && n <= SOUND_FILE_MAX_SIZE && !fseek(file, 0, SEEK_SET)) {
    sound = (SoundFile*)calloc(1, sizeof(SoundFile) + (size_t)n);
  }
  if (sound) {
    sound->n_bytes = (uint32_t)fread(sound->bytes, 1, (size_t)n, file);
    if (sound->n_bytes) {
      *problem = "";
    } else {
      free(sound);
      sound = NULL;
    }
  }
  if (file) {
    fclose(file);
  }
  return sound;
}
