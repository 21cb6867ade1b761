/* SPDX-License-Identifier: GPL-3.0-or-later

   Sound files that are added to one list, with a folder in REQUINTO_REFERENCES.

       test_reference_file FOLDER LISTED

   Both folders are there, and ours to fill; REQUINTO_REFERENCES is the second. */

#include "check.h"

#include "core/params.h"
#include "core/reference_file.h"
#include "core/state.h"
#include "os/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char* folder; ///< Of files anywhere
static const char* listed; ///< Of the user's references

/// Write the path of a file
static const char*
path_of(const char* const where, const char* const name)
{
  static char path[PATH_SIZE];
  CHECK((size_t)snprintf(path, sizeof(path), "%s/%s", where, name) < sizeof(path));
  return path;
}

/// Write a file of some bytes, of which the first are text, and return its path
static const char*
write_file(const char* const where,
           const char* const name,
           const char* const text,
           const long        n_bytes)
{
  const char* const path = path_of(where, name);
  FILE* const       file = fopen(path, "wb");
  CHECK(file && fwrite(text, 1, strlen(text), file) == strlen(text));
  if (n_bytes > (long)strlen(text)) {
    CHECK(!fseek(file, n_bytes - 1, SEEK_SET) && fputc('.', file) == '.');
  }
  CHECK(!fclose(file));
  return path;
}

static bool
has_sound(References* const list, const uint32_t index, const char* const text)
{
  SoundFile* const sound = references_sound(list, index);
  const bool       has   = sound && sound->n_bytes == strlen(text) &&
                   !memcmp(sound->bytes, text, sound->n_bytes);
  free(sound);
  return has;
}

/// Add a file that can be added; return its index
static uint32_t
add(References* const list, const char* const path)
{
  const char*    problem  = NULL;
  uint32_t       index    = UINT32_MAX;
  const uint32_t revision = references_revision(list);
  CHECK(reference_file_add(list, path, &index, &problem) && !problem[0]);
  CHECK(index > references_learned_index() && index < references_count(list));
  CHECK(references_revision(list) != revision); // the worker takes it anew
  return index;
}

static void
check_refused(References* const list, const char* const path, const char* const why)
{
  const char*    problem  = NULL;
  uint32_t       index    = 7;
  const uint32_t n        = references_count(list);
  const uint32_t revision = references_revision(list);
  CHECK(!reference_file_add(list, path, &index, &problem));
  CHECK(problem && strstr(problem, why));
  CHECK(references_count(list) == n && references_revision(list) == revision);
}

static const char*
name_at(const References* const list, const uint32_t index)
{
  return references_names(list)[index];
}

static void
check_name(const char* const file, const char* const expected)
{
  References* const list  = references_new();
  const uint32_t    n     = references_count(list);
  const uint32_t    index = add(list, write_file(folder, file, file, 0));
  CHECK(index == n && references_count(list) == n + 1);
  CHECK(!strcmp(name_at(list, index), expected) && has_sound(list, index, file));
  CHECK(reference_name_is_valid(name_at(list, index)));

  // Again it is the same target
  CHECK(add(list, write_file(folder, file, "another", 0)) == index);
  CHECK(references_count(list) == n + 1 && has_sound(list, index, "another"));
  CHECK(!remove(path_of(folder, file)) && has_sound(list, index, "another"));
  references_leave(list);
}

static void
test_names(void)
{
  static const struct {
    const char* file;
    const char* name;
  } names[] = {
    {"solo.wav", "solo"},
    {"my solo, take 2.flac", "my solo, take 2"},
    {"no ending", "no ending"},
    {"two.dots.wav", "two.dots"},
    {".hidden.wav", ".hidden"},
    {".wav", ".wav"},
    {"notes.txt", "notes"}, // whether it is a sound shows when it is used
    {"guitar.wav", "guitar.wav"},
    {"Learned.flac", "Learned.flac"},
    {"guitars.wav", "guitars"},
#ifndef _WIN32 // which takes no such names, or not in UTF-8 by fopen
    {"Bass.wav", "Bass"},
    {"ends with dots..", "ends with dots."},
    {"back\\slash.wav", "back\\slash"},
    {"g\xc3\xbciro de mam\xc3\xa1.wav", "g\xc3\xbciro de mam\xc3\xa1"},
    {"\xe9\x9f\xb3.ogg", "\xe9\x9f\xb3"},
    {"latin \xe9.wav", "latin \xe9"},
    {" .wav", " "},
    {"a\nb\r\x1b[31m.wav", "a?b??[31m"},
    {"\xc2\x9b.wav", "?"},
    {"\n", "?"},
#endif
  };
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
    check_name(names[i].file, names[i].name);
  }

  // What is too long is cut, between characters
  char file[256];
  char name[REFERENCES_MAX_NAME];
  for (size_t n = 80; n < 240; ++n) {
    memset(file, 'a', n);
    strcpy(file + n, ".wav");
#ifdef _WIN32
    if (strlen(path_of(folder, file)) >= 260) { // MAX_PATH, of the C library there
      break;
    }
#endif
    const size_t n_kept = n < REFERENCES_MAX_NAME ? n : REFERENCES_MAX_NAME - 1;
    snprintf(name, sizeof(name), "%.*s", (int)n_kept, file);
    check_name(file, name);
#ifndef _WIN32
    strcpy(file + n, "\xe9\x9f\xb3.wav");
    const bool fits = n + 3 < REFERENCES_MAX_NAME;
    snprintf(name, sizeof(name), "%.*s", (int)(fits ? n + 3 : n_kept), file);
    check_name(file, name);
#endif
  }
}

/// What cannot be a target says why, and changes nothing
static void
test_refused(void)
{
  References* const list = references_new();
  write_file(folder, "empty.wav", "", 0);
  write_file(folder, "guitar", "text", 0);
  write_file(folder, "Learned", "text", 0);
  write_file(folder, "large.wav", "text", (long)SOUND_FILE_MAX_SIZE + 1);
  check_refused(list, "", "no file that can be opened");
  check_refused(list, path_of(folder, "missing.wav"), "no file that can be opened");
  check_refused(list, folder, "no file that can be opened");
  check_refused(list, path_of(folder, "empty.wav/"), "no file that can be opened");
  check_refused(list, path_of(folder, "empty.wav"), "empty");
  check_refused(list, path_of(folder, "large.wav"), "exceeds 64 MiB");
  check_refused(list, path_of(folder, "guitar"), "name of a built-in target");
  check_refused(list, path_of(folder, "Learned"), "name of a built-in target");

  write_file(folder, "large.wav", "text", SOUND_FILE_MAX_SIZE);
  (void)add(list, path_of(folder, "large.wav"));
  CHECK(!remove(path_of(folder, "large.wav")));
#ifndef _WIN32
  const char* const sparse = write_file(folder, "sparse.wav", "text", 5L << 30);
  check_refused(list, sparse, "exceeds 64 MiB");
  CHECK(!remove(sparse));
  const char* const pipe = path_of(folder, "pipe.wav");
  (void)remove(pipe);
  CHECK(!mkfifo(pipe, 0600));
  check_refused(list, pipe, "no file that can be opened"); // nor is it waited for
  CHECK(!remove(pipe));
#endif
  references_leave(list);
}

static uint32_t
index_of(const References* const list, const char* const name)
{
  const uint32_t index = references_find(list, name);
  CHECK(index < references_count(list));
  return index;
}

/// One of the name that the folder has is replaced, in this list alone
static void
test_the_folder(void)
{
  write_file(listed, "solo.flac", "first", 0);
  write_file(listed, "solo.wav", "second", 0);
  write_file(listed, "bass.wav", "third", 0);
  References* const  list  = references_new();
  References* const  other = references_new();
  const uint32_t     n     = references_count(list);
  const uint32_t     solo  = index_of(list, "solo");
  static const char* mine  = "mine";
  CHECK(n == references_learned_index() + 4);
  CHECK(add(list, write_file(folder, "solo.ogg", mine, 0)) == solo);
  CHECK(add(list, write_file(folder, "bass.wav", mine, 0)) ==
        index_of(list, "bass.wav"));
  CHECK(references_count(list) == n && has_sound(list, solo, mine));
  CHECK(has_sound(list, index_of(list, "bass.wav"), mine));
  CHECK(has_sound(list, index_of(list, "solo.wav"), "second"));
  CHECK(has_sound(other, solo, "first"));

  // The folder's own files are the targets that they are, as they are now
  const char* const path = write_file(listed, "solo.wav", "second take", 0);
  CHECK(add(list, path) == index_of(list, "solo.wav"));
  CHECK(has_sound(list, index_of(list, "solo.wav"), "second take"));
  CHECK(has_sound(list, solo, mine) && references_count(list) == n);
  CHECK(add(list, path_of(listed, "solo.flac")) == solo);
  CHECK(has_sound(list, solo, "first"));

  // A problem of the file that it replaces is over
  CHECK(!remove(path_of(listed, "bass.wav")));
  const uint32_t bass = index_of(other, "bass.wav");
  CHECK(!references_sound(other, bass) && references_problem(other, bass)[0]);
  CHECK(add(other, path_of(folder, "bass.wav")) == bass);
  CHECK(!references_problem(other, bass)[0] && has_sound(other, bass, mine));
  references_leave(list);
  references_leave(other);
}

/// Return the settings with a target, and what they need
static StateBytes
save(References* const list, const uint32_t index, ParamInfo* const target)
{
  double values[N_PARAMS];
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    values[i] = params_info((ParamIndex)i)->default_value;
  }
  *target                = *params_info(PARAM_TARGET);
  target->n_labels       = references_count(list);
  target->labels         = references_names(list);
  target->max            = target->n_labels - 1;
  values[PARAM_TARGET]   = index;
  const StateBytes state = state_write(values, target, list);
  CHECK(state.bytes);
  return state;
}

/// A state has the sound, whatever becomes of the file, in a list that never had it;
/// and while others are added, each has its index, so that a host may undo the choice
static void
test_a_state(void)
{
  static const char* const files[] = {
    "one.wav", "two three.wav", "a.b.c", "guitar.wav"};
  enum { N_FILES = sizeof(files) / sizeof(files[0]) };
  References* const list = references_new();
  uint32_t          indices[N_FILES];
  for (unsigned i = 0; i < N_FILES; ++i) {
    indices[i] = add(list, write_file(folder, files[i], files[i], 0));
    CHECK(!remove(path_of(folder, files[i])));
    for (unsigned k = 0; k <= i; ++k) {
      CHECK(has_sound(list, indices[k], files[k]));
    }
  }
  for (unsigned i = 0; i < N_FILES; ++i) {
    ParamInfo         target;
    const StateBytes  state = save(list, indices[i], &target);
    References* const other = references_new();
    CHECK(state_read_sounds(state.bytes, state.n_bytes, other));
    const uint32_t there = index_of(other, name_at(list, indices[i]));
    CHECK(has_sound(other, there, files[i]));

    double           values[N_PARAMS] = {0};
    ParamInfo        row;
    const StateBytes again = save(other, there, &row);
    CHECK(again.n_bytes == state.n_bytes &&
          !memcmp(again.bytes, state.bytes, state.n_bytes));
    CHECK(state_read(state.bytes, state.n_bytes, &row, values));
    CHECK((uint32_t)values[PARAM_TARGET] == there);
    CHECK(state_read(state.bytes, state.n_bytes, &target, values));
    CHECK((uint32_t)values[PARAM_TARGET] == indices[i]);
    free(state.bytes);
    free(again.bytes);
    references_leave(other);
  }
  references_leave(list);
}

/// There is always room for one more: what was brought longest ago gives way
static void
test_a_full_list(void)
{
  References* const list    = references_new();
  const uint32_t    n_first = references_count(list);
  char              name[REFERENCES_MAX_NAME];
  for (int i = 0; i < 2 * REFERENCES_MAX; ++i) {
    snprintf(name, sizeof(name), "state %d", i);
    CHECK(references_keep(list, name, (const unsigned char*)name, 1));
  }
  CHECK(references_count(list) == REFERENCES_MAX);
  const uint32_t index = add(list, write_file(folder, "late.wav", "late", 0));
  CHECK(index >= n_first && !strcmp(name_at(list, index), "late"));
  for (int i = 0; i < 100; ++i) {
    snprintf(name, sizeof(name), "later %d.wav", i);
    const uint32_t later = add(list, write_file(folder, name, name, 0));
    CHECK(later != index && has_sound(list, later, name));
    CHECK(has_sound(list, index, "late") && !remove(path_of(folder, name)));
  }
  references_leave(list);
}

int
main(const int argc, char** const argv)
{
  CHECK(argc == 3);
  folder = argv[1];
  listed = argv[2];
  (void)remove(path_of(listed, "solo.flac")); // of a run before
  (void)remove(path_of(listed, "solo.wav"));
  (void)remove(path_of(listed, "bass.wav"));
  test_names();
  test_refused();
  test_a_state();
  test_a_full_list();
  test_the_folder();
  return 0;
}
