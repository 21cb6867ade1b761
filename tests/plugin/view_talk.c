/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "view_talk.h"

#include "check.h"
#include "view_loop.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 64 };

static const ViewFormat* format;
static void*             plugin;
static atomic_bool       talks;
static bool              has_ended;
static char              line[LINE_SIZE]; ///< As far as it has come
static size_t            length;

static void
answer(void)
{
  char text[VIEW_TEXT_SIZE] = "";
  CHECK(!strncmp(line, "show ", 5) && format->show);
  const uint32_t id    = (uint32_t)atoi(line + 5);
  const double   value = format->show(plugin, id, text);
  printf("[\"shows\", %u, %.6f, \"%s\"]\n", id, value, text);
  fflush(stdout);
}

static void
take_characters(void* const context, const int descriptor)
{
  (void)context;
  char          characters[LINE_SIZE];
  const ssize_t n = read(descriptor, characters, sizeof(characters));
  if (n <= 0) {
    has_ended = true;
    talks     = false;
    CHECK(view_loop_ignore(line) == 1);
  }
  for (ssize_t i = 0; i < n; ++i) {
    CHECK(length + 1 < LINE_SIZE);
    line[length++] = characters[i];
    if (characters[i] == '\n') {
      line[length] = '\0';
      length       = 0;
      answer();
    }
  }
}

void
view_talk_start(const ViewFormat* const of, void* const with)
{
  format = of;
  plugin = with;
  talks  = true;
  view_loop_watch(STDIN_FILENO, take_characters, line);
}

void
view_talk_edit(const int          slot,
               const ViewEditKind kind,
               const uint32_t     id,
               const double       value)
{
  static const char* const kinds[] = {"begin", "value", "end"};
  if (atomic_load(&talks)) {
    printf("[\"%s\", %d, %u, %.6f]\n", kinds[kind], slot, id, value);
    fflush(stdout);
  }
}

bool
view_talk_ended(void)
{
  return has_ended;
}
