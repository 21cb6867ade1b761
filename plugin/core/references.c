/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/references.h"

#include "core/params.h"
#include "core/references_folder.h"
#include "os/os.h"
#include "targets.h" // REQUINTO_TARGETS, made from models/targets.txt

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const built_in[] = {REQUINTO_TARGETS};

enum {
  N_BUILT_IN   = sizeof(built_in) / sizeof(built_in[0]),
  N_FOR_STATES = 4 ///< Entries that the user's folder leaves to them
};

/// A name that was replaced, kept for threads that still read it
typedef struct OldNameImpl {
  struct OldNameImpl* next;
  char*               name;
} OldName;

struct ReferencesImpl {
  const char* names[REFERENCES_MAX];    ///< Ours to free
  char*       files[REFERENCES_MAX];    ///< Paths in the user's folder, or NULL
  SoundFile*  sounds[REFERENCES_MAX];   ///< Kept, or NULL; guarded by `mutex`
  const char* problems[REFERENCES_MAX]; ///< Why there is none; guarded likewise
  uint32_t    brought[REFERENCES_MAX];  ///< By how many states before, or 0 where
                                        ///< none brought it; guarded likewise
  uint32_t         last_refused; ///< Entry of a state that had no sound; guarded too
  uint32_t         n_brought;    ///< Guarded likewise
  OldName*         old_names;    ///< Guarded likewise
  _Atomic uint32_t n;            ///< Grows once an entry is complete
  _Atomic uint32_t revision;
  _Atomic uint32_t names_revision;
  OsMutex*         mutex;
  atomic_uint      n_owners;
};

/* Entries */

/// Add an entry and return its index, or `REFERENCES_MAX` if there is no room
static uint32_t
add(References* const references, const char* const name, const char* const file)
{
  const uint32_t n         = references_count(references);
  char* const    own_name  = n < REFERENCES_MAX ? reference_name_copy(name) : NULL;
  char* const    own_file  = own_name && file ? reference_name_copy(file) : NULL;
  const bool     completed = own_name && (own_file || !file);
  if (!completed) {
    free(own_name);
    return REFERENCES_MAX;
  }
  references->names[n] = own_name;
  references->files[n] = own_file;
  atomic_fetch_add(&references->names_revision, 1);
  atomic_store_explicit(&references->n, n + 1, memory_order_release);
  return n;
}

/// Return the entry that came with a state longest ago, or `REFERENCES_MAX`
static uint32_t
find_oldest(const References* const references, const bool has_sound)
{
  uint32_t oldest = REFERENCES_MAX;
  for (uint32_t i = 0; i < references_count(references); ++i) {
    const bool fits = references->brought[i] && (!has_sound || references->sounds[i]);
    if (fits && (oldest >= REFERENCES_MAX ||
                 references->brought[i] < references->brought[oldest])) {
      oldest = i;
    }
  }
  return oldest;
}

/// Drop a sound that came with a state
static void
drop_sound(References* const references, const uint32_t index)
{
  free(references->sounds[index]);
  references->sounds[index]   = NULL;
  references->problems[index] = "its sound gave way to those of later states";
}

/// Give the entry of an old state another name; return it, or `REFERENCES_MAX`
static uint32_t
reuse(References* const references, const char* const name)
{
  const uint32_t index = find_oldest(references, false);
  OldName* const old   = (OldName*)calloc(1, sizeof(OldName));
  char* const    copy  = reference_name_copy(name);
  if (index >= REFERENCES_MAX || !old || !copy) {
    free(old);
    free(copy);
    return REFERENCES_MAX;
  }
  *old = (OldName){references->old_names, (char*)(uintptr_t)references->names[index]};
  references->old_names = old;
  drop_sound(references, index);
  params_set_label(references->names, index, copy);
  atomic_fetch_add(&references->names_revision, 1);
  return index;
}

/// Return the entry of a name, made for a state if there was none, or `REFERENCES_MAX`
static uint32_t
take_entry(References* const references, const char* const name)
{
  uint32_t   index  = references_find(references, name);
  const bool is_new = index >= REFERENCES_MAX;
  if (is_new) {
    index = add(references, name, NULL);
  }
  if (index >= REFERENCES_MAX) {
    index = reuse(references, name);
  }
  if (index < REFERENCES_MAX && (is_new || references->brought[index])) {
    references->brought[index] = ++references->n_brought;
  }
  return index;
}

/// Drop the oldest sounds of states where they are more than we keep
static void
drop_old_sounds(References* const references)
{
  size_t n_bytes = 0;
  for (uint32_t i = 0; i < references_count(references); ++i) {
    const SoundFile* const sound = references->sounds[i];
    n_bytes += references->brought[i] && sound ? sound->n_bytes : 0;
  }
  while (n_bytes > REFERENCES_MAX_IN_STATES) {
    const uint32_t oldest = find_oldest(references, true);
    n_bytes -= references->sounds[oldest]->n_bytes;
    drop_sound(references, oldest);
  }
}

/* The user's folder */

/// Add a file under its name without the ending, or with it if that is taken
static void
add_file(References* const references, const char* const folder, const char* const name)
{
  char path[REFERENCES_FOLDER_MAX_PATH];
  char stem[REFERENCES_MAX_NAME];
  snprintf(stem, sizeof(stem), "%s", name);
  *strrchr(stem, '.') = '\0';
  const bool taken    = references_find(references, stem) < REFERENCES_MAX;
  if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path)) {
    references_folder_log(name, "its path is too long");
  } else if (references_count(references) >= REFERENCES_MAX - N_FOR_STATES ||
             add(references, taken ? name : stem, path) >= REFERENCES_MAX) {
    references_folder_log(name, "the list of targets is full");
  }
}

static void
add_folder(References* const references)
{
  ReferencesFolder folder;
  references_folder_read(&folder);
  for (size_t i = 0; i < folder.n; ++i) {
    add_file(references, folder.path, folder.names[i]);
  }
  references_folder_free(&folder);
}

/* Life */

References*
references_new(void)
{
  References* const references = (References*)calloc(1, sizeof(References));
  if (!references) {
    return NULL;
  }
  atomic_init(&references->n, 0);
  atomic_init(&references->revision, 0);
  atomic_init(&references->names_revision, 0);
  references->last_refused = REFERENCES_MAX;
  atomic_init(&references->n_owners, 1);
  references->mutex = os_mutex_new();
  for (uint32_t i = 0; references->mutex && i < N_BUILT_IN; ++i) {
    (void)add(references, built_in[i], NULL);
  }
  if (!references->mutex || add(references, REFERENCES_LEARNED, NULL) != N_BUILT_IN) {
    references_leave(references);
    return NULL;
  }
  add_folder(references);
  return references;
}

References*
references_share(References* const references)
{
  atomic_fetch_add(&references->n_owners, 1);
  return references;
}

void
references_leave(References* const references)
{
  if (!references || atomic_fetch_sub(&references->n_owners, 1) != 1) {
    return;
  }
  for (uint32_t i = 0; i < REFERENCES_MAX; ++i) {
    free((void*)(uintptr_t)references->names[i]);
    free(references->files[i]);
    free(references->sounds[i]);
  }
  while (references->old_names) {
    OldName* const old    = references->old_names;
    references->old_names = old->next;
    free(old->name);
    free(old);
  }
  os_mutex_free(references->mutex);
  free(references);
}

/* Looking */

uint32_t
references_count(const References* const references)
{
  return atomic_load_explicit(&references->n, memory_order_acquire);
}

const char* const*
references_names(const References* const references)
{
  return references->names;
}

uint32_t
references_learned_index(void)
{
  return N_BUILT_IN;
}

uint32_t
references_revision(const References* const references)
{
  return atomic_load_explicit(&references->revision, memory_order_acquire);
}

uint32_t
references_names_revision(const References* const references)
{
  return atomic_load_explicit(&references->names_revision, memory_order_acquire);
}

uint32_t
references_find(const References* const references, const char* const name)
{
  const uint32_t n = references_count(references);
  for (uint32_t i = 0; i < n; ++i) {
    if (!strcmp(params_label(references->names, i), name)) {
      return i;
    }
  }
  return REFERENCES_MAX;
}

uint32_t
references_find_file(const References* const references, const char* const path)
{
  const uint32_t n = references_count(references);
  for (uint32_t i = 0; i < n; ++i) {
    if (references->files[i] && !strcmp(references->files[i], path)) {
      return i;
    }
  }
  return REFERENCES_MAX;
}

/* Sounds */

static SoundFile*
copy_kept(References* const references, const uint32_t index)
{
  os_mutex_lock(references->mutex);
  const SoundFile* const kept = references->sounds[index];
  SoundFile* const copy = kept ? sound_file_copy(kept->bytes, kept->n_bytes) : NULL;
  os_mutex_unlock(references->mutex);
  return copy;
}

/// Take a sound that was read, unless another came meanwhile, or why there is none
static void
store_read(References* const references,
           const uint32_t    index,
           SoundFile* const  sound,
           const char* const problem)
{
  os_mutex_lock(references->mutex);
  const bool is_first = !references->sounds[index];
  if (is_first) {
    references->sounds[index]   = sound;
    references->problems[index] = problem;
  }
  os_mutex_unlock(references->mutex);
  if (!is_first) {
    free(sound);
  }
}

SoundFile*
references_sound(References* const references, const uint32_t index)
{
  if (index >= references_count(references)) {
    return NULL;
  }
  SoundFile* copy = copy_kept(references, index);
  if (!copy && references->files[index]) {
    // Kept, so that what is saved is what was used, whatever becomes of the file.  Not
    // read with the mutex held, which the audio thread of an offline host may wait for
    const char*      problem = "";
    SoundFile* const sound   = sound_file_read(references->files[index], &problem);
    store_read(references, index, sound, problem);
    copy = copy_kept(references, index);
  }
  return copy;
}

const char*
references_problem(References* const references, const uint32_t index)
{
  os_mutex_lock(references->mutex);
  const char* const problem =
    index < REFERENCES_MAX ? references->problems[index] : NULL;
  os_mutex_unlock(references->mutex);
  return problem ? problem : "";
}

bool
references_keep(References* const          references,
                const char* const          name,
                const unsigned char* const bytes,
                const uint32_t             n_bytes)
{
  if (!n_bytes || n_bytes > SOUND_FILE_MAX_SIZE || !reference_name_is_valid(name)) {
    return false;
  }
  SoundFile* const sound = sound_file_copy(bytes, n_bytes);
  os_mutex_lock(references->mutex);
  const uint32_t index = sound ? take_entry(references, name) : REFERENCES_MAX;
  const bool     kept  = index >= N_BUILT_IN && index < REFERENCES_MAX;
  if (kept) {
    free(references->sounds[index]);
    references->sounds[index]   = sound;
    references->problems[index] = NULL;
    drop_old_sounds(references);
  }
  os_mutex_unlock(references->mutex);
  if (!kept) {
    free(sound);
    return false;
  }
  atomic_fetch_add(&references->revision, 1);
  return true;
}

bool
references_want(References* const references, const char* const text)
{
  char name[REFERENCES_MAX_NAME];
  reference_name_clean(text, name);
  os_mutex_lock(references->mutex);
  const uint32_t index    = take_entry(references, name);
  const bool     is_added = index < REFERENCES_MAX && references->brought[index];
  const bool     is_there =
    index < REFERENCES_MAX && (!is_added || references->sounds[index]);
  const bool is_repeated =
    index == references->last_refused; // hosts give a state twice
  references->last_refused = is_there ? REFERENCES_MAX : index;
  os_mutex_unlock(references->mutex);
  if (!is_there && !is_repeated) {
    char shown[REFERENCES_MAX_SHOWN];
    reference_name_show(text, shown);
    fprintf(stderr,
            "requinto: the state's target %s is not available: %s\n",
            shown,
            strcmp(name, text) ? "names have 1 to 95 bytes of text"
                               : "it is not in the list, and has no sound of its own");
  }
  return is_there;
}
