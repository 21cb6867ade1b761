/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/reference_file.h"

#include "os/os.h"

#include <stdlib.h>
#include <string.h>

/// Return whether a name is that of a target which no file of the user's can have
static bool
is_ours(const References* const references, const char* const name)
{
  return references_find(references, name) <= references_learned_index();
}

/// Write the target's name of a file, whose ending is cut off; return false if it can
/// have none
static bool
name_target(const References* const references,
            char* const             file,
            char                    name[REFERENCES_MAX_NAME])
{
  reference_name_clean(file, name);
  char* const ending = strrchr(file, '.');
  if (ending && ending != file) {
    char stem[REFERENCES_MAX_NAME];
    *ending = '\0';
    reference_name_clean(file, stem);
    if (!is_ours(references, stem)) {
      memcpy(name, stem, sizeof(stem));
    }
  }
  return !is_ours(references, name);
}

/// Write the name under which a file is kept; return why there is none, or ""
static const char*
find_name(const References* const references,
          const char* const       path,
          char                    name[REFERENCES_MAX_NAME])
{
  const uint32_t listed = references_find_file(references, path);
  if (listed < REFERENCES_MAX) {
    reference_name_clean(references_names(references)[listed], name);
    return "";
  }
  char* const copy = reference_name_copy(path);
  if (!copy) {
    return "there is not enough memory";
  }
  os_tidy_path(copy);
  char* const slash    = strrchr(copy, '/');
  const bool  is_named = name_target(references, slash ? slash + 1 : copy, name);
  free(copy);
  return is_named ? "" : "the file has the name of a built-in target, and no ending";
}

bool
reference_file_add(References* const  references,
                   const char* const  path,
                   uint32_t* const    index,
                   const char** const problem)
{
  char             name[REFERENCES_MAX_NAME];
  SoundFile* const sound = sound_file_read(path, problem);
  if (!sound) {
    return false;
  }
  *problem = find_name(references, path, name);
  if (!**problem && !references_keep(references, name, sound->bytes, sound->n_bytes)) {
    *problem = "there is not enough memory";
  }
  free(sound);
  *index = **problem ? REFERENCES_MAX : references_find(references, name);
  return !**problem;
}
