/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/references_folder.h"

#include "core/reference_name.h"
#include "os/os.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Return whether two names of ASCII are equal, ignoring case
static bool
same_letters(const char* a, const char* b)
{
  while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
    ++a;
    ++b;
  }
  return !*a && !*b;
}

/// Return whether a user put a sound file there: hidden ones are the system's, such as
/// the `._NAME.wav` that macOS leaves beside each file on other systems' disks
static bool
is_sound_file(const char* const name)
{
  static const char* const endings[] = {
    ".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif"};
  const char* const ending = strrchr(name, '.');
  for (size_t i = 0; ending && i < sizeof(endings) / sizeof(endings[0]); ++i) {
    if (name[0] != '.' && same_letters(ending, endings[i])) {
      return true;
    }
  }
  return false;
}

static atomic_bool is_reported; ///< By an earlier list of this process

void
references_folder_log(const char* const name, const char* const why)
{
  if (!atomic_load(&is_reported)) {
    char shown[REFERENCES_MAX_SHOWN] = "";
    if (name) {
      reference_name_show(name, shown);
    }
    fprintf(stderr,
            "requinto: %s%s is not a target: %s\n",
            name ? "the reference " : "a reference",
            shown,
            why);
  }
}

static void
take_name(void* const context, const char* const name)
{
  ReferencesFolder* const folder = (ReferencesFolder*)context;
  if (!is_sound_file(name)) {
    return;
  }
  if (reference_name_has_control(name)) {
    references_folder_log(NULL,
                          "its name holds a line's end or another control character");
  } else if (strlen(name) >= REFERENCES_MAX_NAME) {
    references_folder_log(name, "its name must have less than 96 bytes");
  } else if (folder->n >= REFERENCES_FOLDER_MAX) {
    references_folder_log(name, "there are more than 256 files");
  } else {
    folder->names[folder->n] = reference_name_copy(name);
    folder->n += folder->names[folder->n] != NULL;
  }
}

static int
by_name(const void* const one, const void* const other)
{
  return strcmp(*(char* const*)one, *(char* const*)other);
}

static bool
find_folder(char* const folder, const size_t size)
{
  if (os_variable("REQUINTO_REFERENCES", folder, size) && folder[0]) {
    return true;
  }
  char data[REFERENCES_FOLDER_MAX_PATH];
  return os_user_data(data, sizeof(data)) &&
         (size_t)snprintf(folder, size, "%s/Requinto/References", data) < size;
}

void
references_folder_read(ReferencesFolder* const folder)
{
  folder->n = 0;
  if (find_folder(folder->path, sizeof(folder->path)) &&
      os_list_folder(folder->path, take_name, folder)) {
    qsort((void*)folder->names, folder->n, sizeof(folder->names[0]), by_name);
  }
}

void
references_folder_free(ReferencesFolder* const folder)
{
  for (size_t i = 0; i < folder->n; ++i) {
    free(folder->names[i]);
  }
  atomic_store(&is_reported, true);
}
