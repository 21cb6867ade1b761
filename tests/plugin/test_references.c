/* SPDX-License-Identifier: GPL-3.0-or-later

   The list of targets, with a folder of sound files in REQUINTO_REFERENCES.

       test_references FOLDER    (which is there, empty, and ours to fill) */

#include "check.h"

#include "core/references.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void
write_file(const char* const folder, const char* const name, const char* const text)
{
  char path[4096];
  CHECK((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) < sizeof(path));
  FILE* const file = fopen(path, "wb");
  CHECK(file && fwrite(text, 1, strlen(text), file) == strlen(text));
  CHECK(!fclose(file));
}

static void
check_sound(References* const list, const uint32_t index, const char* const text)
{
  SoundFile* const sound = references_sound(list, index);
  CHECK(sound && sound->n_bytes == strlen(text));
  CHECK(!memcmp(sound->bytes, text, sound->n_bytes));
  free(sound);
}

/// Built-in targets, what was learnt, then the user's files by name
static void
test_list(const char* const folder)
{
  write_file(folder, "tres.wav", "tres");
  write_file(folder, "Cuatro.Flac", "cuatro");
  write_file(folder, "guitar.ogg", "mine");
  write_file(folder, "notes.txt", "no sound");
  // What systems and programs leave in folders
  static const char* const litter[] = {".wav",
                                       "._tres.wav",
                                       ".hidden.wav",
                                       ".requinto-0123.wav",
                                       ".DS_Store",
                                       "Thumbs.db",
                                       "desktop.ini",
                                       "tres.wav.part",
                                       "tres.wavx",
                                       "tres",
                                       "tres.wa"};
  for (size_t i = 0; i < sizeof(litter) / sizeof(litter[0]); ++i) {
    write_file(folder, litter[i], "not a sound of the user's");
  }
  References* const        list    = references_new();
  const uint32_t           learned = references_learned_index();
  const char* const* const names   = references_names(list);
  CHECK(references_count(list) == learned + 4 && !strcmp(names[0], "guitar"));
  CHECK(!strcmp(names[learned], "Learned") && !strcmp(names[learned + 1], "Cuatro"));
  CHECK(!strcmp(names[learned + 2], "guitar.ogg")); // its name is taken
  CHECK(!strcmp(names[learned + 3], "tres"));
  check_sound(list, learned + 1, "cuatro");
  check_sound(list, learned + 3, "tres");
  CHECK(!references_sound(list, 0) && !references_sound(list, learned));
  CHECK(!references_sound(list, 999));

  // What was used is what is saved, whatever becomes of the file
  write_file(folder, "tres.wav", "another");
  check_sound(list, learned + 3, "tres");
  references_leave(list);
}

static void
test_keep(void)
{
  References* const    list     = references_new();
  const uint32_t       n        = references_count(list);
  const uint32_t       learned  = references_learned_index();
  const uint32_t       revision = references_revision(list);
  const unsigned char* bytes    = (const unsigned char*)"laud";
  CHECK(references_keep(list, "Learned", bytes, 4));
  CHECK(references_keep(list, "laud", bytes, 4) && references_count(list) == n + 1);
  CHECK(references_keep(list, "laud", bytes, 3) && references_count(list) == n + 1);
  CHECK(references_revision(list) == revision + 3);
  check_sound(list, learned, "laud");
  check_sound(list, n, "lau");

  // The built-in ones are ours, and there is an end to everything
  CHECK(!references_keep(list, "guitar", bytes, 4));
  CHECK(!references_keep(list, "big", bytes, SOUND_FILE_MAX_SIZE + 1));
  char name[REFERENCES_MAX_NAME + 1];
  memset(name, 'a', REFERENCES_MAX_NAME);
  name[REFERENCES_MAX_NAME] = '\0';
  CHECK(!references_keep(list, name, bytes, 4));
  references_leave(list);
}

static uint32_t
index_of(const References* const list, const char* const name)
{
  uint32_t index = references_count(list);
  while (index && strcmp(references_names(list)[index - 1], name) != 0) {
    --index;
  }
  CHECK(index);
  return index - 1;
}

/// Every state gets its target; once the list is full, the oldest gives way
static void
test_states_are_many(void)
{
  References* const list = references_new();
  const uint32_t    n    = references_count(list);
  char              name[REFERENCES_MAX_NAME];
  uint32_t          names_revision = references_names_revision(list);
  for (int i = 0; i < 3 * REFERENCES_MAX; ++i) {
    snprintf(name, sizeof(name), "%d", i);
    CHECK(references_keep(list, name, (const unsigned char*)name, 1));
    CHECK(references_want(list, name) && references_count(list) <= REFERENCES_MAX);
    const uint32_t index = index_of(list, name);
    CHECK(index >= n && names_revision != references_names_revision(list));
    names_revision = references_names_revision(list);
    name[1]        = '\0';
    check_sound(list, index, name);
  }
  CHECK(references_count(list) == REFERENCES_MAX);
  (void)index_of(list, "guitar");
  (void)index_of(list, "Learned");

  // What is used is not old
  snprintf(name, sizeof(name), "%d", 3 * REFERENCES_MAX - 200);
  CHECK(references_want(list, name));
  for (int i = 0; i < 150; ++i) {
    char other[REFERENCES_MAX_NAME];
    snprintf(other, sizeof(other), "other %d", i);
    CHECK(!references_want(list, other) && index_of(list, other) >= n);
  }
  CHECK(references_want(list, name));
  references_leave(list);
}

/// The sounds of states are kept for as long as they are not too much
static void
test_states_are_large(void)
{
  enum { N_BYTES = SOUND_FILE_MAX_SIZE, N_KEPT = 4 };
  References* const    list  = references_new();
  unsigned char* const bytes = (unsigned char*)calloc(N_BYTES, 1);
  char                 name[REFERENCES_MAX_NAME];
  for (int i = 0; i < N_KEPT + 2; ++i) {
    snprintf(name, sizeof(name), "large %d", i);
    CHECK(bytes && references_keep(list, name, bytes, N_BYTES));
  }
  for (int i = 0; i < N_KEPT + 2; ++i) {
    snprintf(name, sizeof(name), "large %d", i);
    const uint32_t   index = index_of(list, name);
    SoundFile* const sound = references_sound(list, index);
    CHECK(!sound == (i < 2));
    CHECK(sound || strstr(references_problem(list, index), "later states"));
    free(sound);
  }
  free(bytes);
  references_leave(list);
}

/// A name that would be more than a word where it is printed is none
static void
test_names(void)
{
  static const char* const wrong[] = {"",
                                      "a\rb",
                                      "a\nb",
                                      "a\tb",
                                      "\x1b[31mb",
                                      "\x7f",
                                      "a\xc2\x9b"
                                      "31m"};
  static const char* const right[] = {
    " ", "a", "\xc3\x80", "\xe9\x9f\xb3", "\xff", "\xc2\xa0", "\xc2"};
  References* const   list    = references_new();
  const unsigned char bytes[] = "laud";
  char                name[REFERENCES_MAX_NAME];
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); ++i) {
    CHECK(!references_keep(list, wrong[i], bytes, 4));
    CHECK(!references_want(list, wrong[i]));
    reference_name_clean(wrong[i], name);
    CHECK(reference_name_is_valid(name) &&
          !references_sound(list, index_of(list, name)));
  }
  for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); ++i) {
    CHECK(references_keep(list, right[i], bytes, 4));
    reference_name_clean(right[i], name);
    CHECK(!strcmp(name, right[i]) && references_want(list, name));
  }

  // One that is too long is cut between characters
  for (size_t n = 80; n < 120; ++n) {
    char text[200] = "";
    memset(text, 'a', n);
    strcat(text, "\xe9\x9f\xb3");
    reference_name_clean(text, name);
    const size_t n_kept = n + 3 < REFERENCES_MAX_NAME ? n + 3
                          : n < REFERENCES_MAX_NAME   ? n
                                                      : REFERENCES_MAX_NAME - 1;
    CHECK(strlen(name) == n_kept && !strncmp(text, name, n_kept));
  }
  CHECK(!references_keep(list, "empty", bytes, 0));
  references_leave(list);

  char shown[REFERENCES_MAX_SHOWN];
  reference_name_show("\xe9\x9f\xb3 \xff\x1b[1m\xe9", shown);
  CHECK(!strcmp(shown, "\xe9\x9f\xb3 \xef\xbf\xbd?[1m\xef\xbf\xbd"));
}

/// Write a file of so many bytes, of which the last says something
static void
write_size(const char* const path, const long n_bytes)
{
  FILE* const file = fopen(path, "wb");
  CHECK(file);
  if (n_bytes) {
    CHECK(!fseek(file, n_bytes - 1, SEEK_SET) && fputc('.', file) == '.');
  }
  fclose(file);
}

/// What is no sound to use says why, and a file that can be used later is used
static void
test_problems(const char* const folder)
{
  char path[4096];
  snprintf(path, sizeof(path), "%s/large.wav", folder);
  write_size(path, 1);
  References* const list  = references_new();
  const uint32_t    index = index_of(list, "large");
  CHECK(!references_problem(list, index)[0]);

  write_size(path, (long)SOUND_FILE_MAX_SIZE + 1);
  CHECK(!references_sound(list, index));
  CHECK(strstr(references_problem(list, index), "64 MiB"));
  write_size(path, 0);
  CHECK(!references_sound(list, index));
  CHECK(strstr(references_problem(list, index), "empty"));
  CHECK(!remove(path) && !references_sound(list, index));
  CHECK(strstr(references_problem(list, index), "opened"));

  write_size(path, (long)SOUND_FILE_MAX_SIZE);
  SoundFile* const sound = references_sound(list, index);
  CHECK(sound && sound->n_bytes == SOUND_FILE_MAX_SIZE);
  CHECK(!references_problem(list, index)[0]);
  CHECK(!references_problem(list, UINT32_MAX)[0]);
  free(sound);
  CHECK(!remove(path));
  references_leave(list);
}

#ifndef _WIN32

/// A file of the user's that became a pipe is none; its other end is not waited for
static void
test_a_pipe(const char* const folder)
{
  char path[4096];
  snprintf(path, sizeof(path), "%s/pipe.wav", folder);
  write_size(path, 1);
  References* const list  = references_new();
  const uint32_t    index = index_of(list, "pipe");
  CHECK(!remove(path) && !mkfifo(path, 0600));
  CHECK(!references_sound(list, index));
  CHECK(strstr(references_problem(list, index), "opened"));
  CHECK(!remove(path));
  references_leave(list);
}

#endif

int
main(const int argc, char** const argv)
{
  CHECK(argc == 2);
  test_list(argv[1]);
  test_keep();
  test_states_are_many();
  test_states_are_large();
  test_names();
  test_problems(argv[1]);
#ifndef _WIN32
  test_a_pipe(argv[1]);
#endif
  return 0;
}
