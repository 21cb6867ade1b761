/* SPDX-License-Identifier: GPL-3.0-or-later

   Names of files: those that are dropped, and those that a dialog offers. */

#include "check.h"
#include "window/sound_names.h"
#include "window/uri_list.h"

#include <string.h>

static void
check_path(const char* const list, const char* const expected)
{
  char       path[64] = "before";
  const bool is_there = uri_list_first_path(list, strlen(list), path, sizeof(path));
  CHECK(is_there == (expected != NULL));
  CHECK(!expected || !strcmp(path, expected));
}

int
main(void)
{
  check_path("file:///a/b.wav\r\n", "/a/b.wav");
  check_path("file:///a/b.wav", "/a/b.wav");
  check_path("file:/a/b.wav\n", "/a/b.wav");
  check_path("file://localhost/a%20b/%C3%BC.wav\r\n", "/a b/\xC3\xBC.wav");
  check_path("# a comment\r\nhttp://x/y.wav\r\nfile:///z\r\nfile:///a\r\n", "/z");
  check_path("file:///100%", "/100%");
  check_path("file:///100%zz%4", "/100%zz%4");
  check_path("file:///%2f%2F", "///");
  check_path("", NULL);
  check_path("\r\n\r\n", NULL);
  check_path("file:", NULL);
  check_path("file://", NULL);
  check_path("file://host", NULL);
  check_path("file:relative", NULL);
  check_path("/a/b.wav", NULL);
  check_path("file:///a%00b", NULL);
  check_path("file:///0123456789012345678901234567890123456789012345678901234567890123",
             NULL);

  // Only as much as there is, and a zero ends it
  char path[16];
  CHECK(uri_list_first_path("file:///a%41", 10, path, sizeof(path)));
  CHECK(!strcmp(path, "/a%"));
  CHECK(uri_list_first_path("file:///a\0b", 11, path, sizeof(path)));
  CHECK(!strcmp(path, "/a"));

  CHECK(is_sound_name("a.wav") && is_sound_name("a.b.FLAC") && is_sound_name("ü.Ogg"));
  CHECK(is_sound_name("a.aif") && is_sound_name("a.aiff") && is_sound_name("a.mp3"));
  CHECK(is_sound_name("a.opus"));
  CHECK(!is_sound_name("wav") && !is_sound_name(".wav") && !is_sound_name("a.wave"));
  CHECK(!is_sound_name("") && !is_sound_name("a.txt") && !is_sound_name("awav"));
  return 0;
}
