/* SPDX-License-Identifier: GPL-3.0-or-later

   The list of targets, with a folder of sound files in REQUINTO_REFERENCES.

       test_references FOLDER    (which is there, empty, and ours to fill) */

#include "check.h"

#include "references.h"

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
  const uint32_t           learned = references_learned(list);
  const char* const* const names   = references_names(list);
  CHECK(references_count(list) == learned + 4 && !strcmp(names[0], "guitar"));
  CHECK(!strcmp(names[learned], "Learned") && !strcmp(names[learned + 1], "Cuatro"));
  CHECK(!strcmp(names[learned + 2], "guitar.ogg")); // its name is taken
  CHECK(!strcmp(names[learned + 3], "tres"));
  check_sound(list, learned + 1, "cuatro");
  check_sound(list, learned + 3, "tres");
  CHECK(!references_sound(list, 0) && !references_sound(list, learned));
  CHECK(!references_sound(list, 999));

  // What was heard is what is saved, whatever becomes of the file
  write_file(folder, "tres.wav", "another");
  check_sound(list, learned + 3, "tres");
  references_leave(list);
}

static void
test_keep(void)
{
  References* const    list     = references_new();
  const uint32_t       n        = references_count(list);
  const uint32_t       learned  = references_learned(list);
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
  CHECK(!references_keep(list, "big", bytes, REFERENCES_MAX_FILE_SIZE + 1));
  char name[REFERENCES_MAX_NAME + 1];
  memset(name, 'a', REFERENCES_MAX_NAME);
  name[REFERENCES_MAX_NAME] = '\0';
  CHECK(!references_keep(list, name, bytes, 4));
  for (int i = 0; i < 2 * REFERENCES_MAX; ++i) {
    snprintf(name, sizeof(name), "%d", i);
    (void)references_keep(list, name, bytes, 4);
  }
  CHECK(references_count(list) == REFERENCES_MAX);
  CHECK(references_revision(list) < 2 * REFERENCES_MAX);
  references_leave(list);
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
  uint32_t          index = references_count(list) - 1;
  while (index && strcmp(references_names(list)[index], "large") != 0) {
    --index;
  }
  CHECK(index && !references_problem(list, index)[0]);

  write_size(path, (long)REFERENCES_MAX_FILE_SIZE + 1);
  CHECK(!references_sound(list, index));
  CHECK(strstr(references_problem(list, index), "64 MiB"));
  write_size(path, 0);
  CHECK(!references_sound(list, index));
  CHECK(strstr(references_problem(list, index), "empty"));
  CHECK(!remove(path) && !references_sound(list, index));
  CHECK(strstr(references_problem(list, index), "opened"));

  write_size(path, (long)REFERENCES_MAX_FILE_SIZE);
  SoundFile* const sound = references_sound(list, index);
  CHECK(sound && sound->n_bytes == REFERENCES_MAX_FILE_SIZE);
  CHECK(!references_problem(list, index)[0]);
  CHECK(!references_problem(list, UINT32_MAX)[0]);
  free(sound);
  CHECK(!remove(path));
  references_leave(list);
}

#ifndef _WIN32

/// A file of the user's that became a pipe is none; nobody waits for its other end
static void
test_a_pipe(const char* const folder)
{
  char path[4096];
  snprintf(path, sizeof(path), "%s/pipe.wav", folder);
  write_size(path, 1);
  References* const list  = references_new();
  uint32_t          index = references_count(list) - 1;
  while (index && strcmp(references_names(list)[index], "pipe") != 0) {
    --index;
  }
  CHECK(index && !remove(path) && !mkfifo(path, 0600));
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
  test_problems(argv[1]);
#ifndef _WIN32
  test_a_pipe(argv[1]);
#endif
  return 0;
}
