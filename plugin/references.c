/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "references.h"

#include "os.h"
#include "targets.h" // REQUINTO_TARGETS, made from models/targets.txt

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const built_in[] = {REQUINTO_TARGETS};
static const char        learned[]  = "Learned";

enum { N_BUILT_IN = sizeof(built_in) / sizeof(built_in[0]), MAX_PATH_SIZE = 4096 };

struct ReferencesImpl {
  const char*      names[REFERENCES_MAX];    ///< Ours to free
  char*            files[REFERENCES_MAX];    ///< Paths in the user's folder, or NULL
  SoundFile*       sounds[REFERENCES_MAX];   ///< Kept, or NULL; guarded by `mutex`
  const char*      problems[REFERENCES_MAX]; ///< Why there is none; guarded likewise
  _Atomic uint32_t n;                        ///< Grows once an entry is in place
  _Atomic uint32_t revision;
  OsMutex*         mutex;
  atomic_uint      n_owners;
};

/* Entries */

static char*
copy_of(const char* const text)
{
  const size_t size = strlen(text) + 1;
  char* const  copy = (char*)calloc(1, size);
  if (copy) {
    memcpy(copy, text, size);
  }
  return copy;
}

/// Return the place of a name, or `REFERENCES_MAX`
static uint32_t
find(const References* const references, const char* const name)
{
  const uint32_t n = references_count(references);
  for (uint32_t i = 0; i < n; ++i) {
    if (!strcmp(references->names[i], name)) {
      return i;
    }
  }
  return REFERENCES_MAX;
}

/// Add an entry and return its place, or `REFERENCES_MAX` if there is no room
static uint32_t
add(References* const references, const char* const name, const char* const file)
{
  const uint32_t n         = references_count(references);
  char* const    own_name  = n < REFERENCES_MAX ? copy_of(name) : NULL;
  char* const    own_file  = own_name && file ? copy_of(file) : NULL;
  const bool     completed = own_name && (own_file || !file);
  if (!completed) {
    free(own_name);
    return REFERENCES_MAX;
  }
  references->names[n] = own_name;
  references->files[n] = own_file;
  atomic_store_explicit(&references->n, n + 1, memory_order_release);
  return n;
}

/* The user's folder */

/// Names of files, as the system lists them
typedef struct {
  char** names; ///< Room for `REFERENCES_MAX`
  size_t n;
} Listing;

/// Return whether two names of ASCII are alike but for case
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

static atomic_bool is_told; ///< By an earlier list of this process

/// Say once why a file of the user's is no target
static void
tell(const char* const name, const char* const why)
{
  if (!atomic_load(&is_told)) {
    fprintf(stderr, "requinto: the reference %s is no target: %s\n", name, why);
  }
}

/// Return whether a name would be more than a word where it is printed
static bool
has_control(const char* text)
{
  while (*text && !iscntrl((unsigned char)*text)) {
    ++text;
  }
  return *text;
}

static void
take_name(void* const context, const char* const name)
{
  Listing* const listing = (Listing*)context;
  if (!is_sound_file(name)) {
    return;
  }
  if (has_control(name)) {
    tell("(one)", "its name holds a line's end or another control character");
  } else if (strlen(name) >= REFERENCES_MAX_NAME) {
    tell(name, "its name must have less than 96 bytes");
  } else if (listing->n >= REFERENCES_MAX) {
    tell(name, "there are more than 256 files");
  } else {
    listing->names[listing->n] = copy_of(name);
    listing->n += listing->names[listing->n] != NULL;
  }
}

static int
by_name(const void* const one, const void* const other)
{
  return strcmp(*(char* const*)one, *(char* const*)other);
}

/// Add a file under its name without the ending, or with it if that is taken
static void
add_file(References* const references, const char* const folder, const char* const name)
{
  char path[MAX_PATH_SIZE];
  char stem[REFERENCES_MAX_NAME];
  snprintf(stem, sizeof(stem), "%s", name);
  *strrchr(stem, '.') = '\0';
  const bool taken    = find(references, stem) < REFERENCES_MAX;
  if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path)) {
    tell(name, "its path is too long");
  } else if (add(references, taken ? name : stem, path) >= REFERENCES_MAX) {
    tell(name, "the list of targets is full");
  }
}

static bool
find_folder(char* const folder, const size_t size)
{
  if (os_variable("REQUINTO_REFERENCES", folder, size) && folder[0]) {
    return true;
  }
  char data[MAX_PATH_SIZE];
  return os_user_data(data, sizeof(data)) &&
         (size_t)snprintf(folder, size, "%s/Requinto/References", data) < size;
}

static void
add_folder(References* const references)
{
  char    folder[MAX_PATH_SIZE];
  char*   names[REFERENCES_MAX];
  Listing listing = {names, 0};
  if (find_folder(folder, sizeof(folder)) &&
      os_list_folder(folder, take_name, &listing)) {
    qsort(names, listing.n, sizeof(names[0]), by_name);
    for (size_t i = 0; i < listing.n; ++i) {
      add_file(references, folder, names[i]);
      free(names[i]);
    }
  }
  atomic_store(&is_told, true);
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
  atomic_init(&references->n_owners, 1);
  references->mutex = os_mutex_new();
  for (uint32_t i = 0; references->mutex && i < N_BUILT_IN; ++i) {
    (void)add(references, built_in[i], NULL);
  }
  if (!references->mutex || add(references, learned, NULL) != N_BUILT_IN) {
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
references_learned(const References* const references)
{
  (void)references;
  return N_BUILT_IN;
}

uint32_t
references_revision(const References* const references)
{
  return atomic_load_explicit(&references->revision, memory_order_acquire);
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
    // Kept, so that what is saved is what was heard, whatever becomes of the file.  Not
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
  if (n_bytes > REFERENCES_MAX_FILE_SIZE || strlen(name) >= REFERENCES_MAX_NAME) {
    return false;
  }
  SoundFile* const sound = sound_file_copy(bytes, n_bytes);
  os_mutex_lock(references->mutex);
  uint32_t index = find(references, name);
  if (sound && index >= REFERENCES_MAX) {
    index = add(references, name, NULL);
  }
  const bool kept = sound && index >= N_BUILT_IN && index < REFERENCES_MAX;
  if (kept) {
    free(references->sounds[index]);
    references->sounds[index] = sound;
  }
  os_mutex_unlock(references->mutex);
  if (!kept) {
    free(sound);
    return false;
  }
  atomic_fetch_add(&references->revision, 1);
  return true;
}
