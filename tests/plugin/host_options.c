/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

typedef enum { KIND_FLAG, KIND_TEXT, KIND_LIST, KIND_INTEGER, KIND_REAL } Kind;

typedef struct {
  const char* name;
  Kind        kind;
  size_t      place; ///< In `Options`
} Row;

#define PLACE(member) offsetof(Options, member)

static const Row table[] = {
  {"--in", KIND_TEXT, PLACE(in_path)},
  {"--out", KIND_TEXT, PLACE(out_path)},
  {"--sidechain", KIND_TEXT, PLACE(sidechain_path)},
  {"--transport", KIND_TEXT, PLACE(transport_path)},
  {"--load-state", KIND_TEXT, PLACE(load_path)},
  {"--save-state", KIND_TEXT, PLACE(save_path)},
  {"--sin", KIND_TEXT, PLACE(sin)},
  {"--set", KIND_LIST, PLACE(settings)},
  {"--automate", KIND_LIST, PLACE(automation)},
  {"--rate", KIND_REAL, PLACE(rate)},
  {"--after-ready", KIND_REAL, PLACE(after_ready_s)},
  {"--hurry", KIND_REAL, PLACE(hurry_s)},
  {"--channels", KIND_INTEGER, PLACE(n_channels)},
  {"--block", KIND_INTEGER, PLACE(block)},
  {"--activations", KIND_INTEGER, PLACE(n_activations)},
  {"--repeat", KIND_INTEGER, PLACE(n_repeats)},
  {"--drain", KIND_INTEGER, PLACE(n_drain)},
  {"--realtime", KIND_FLAG, PLACE(realtime)},
  {"--no-bar", KIND_FLAG, PLACE(no_bar)},
  {"--wrong-bar", KIND_FLAG, PLACE(wrong_bar)},
  {"--follow-restarts", KIND_FLAG, PLACE(follow_restarts)},
  {"--no-release", KIND_FLAG, PLACE(no_release)},
};

static const Row*
find(const char* const name)
{
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); ++i) {
    if (!strcmp(name, table[i].name)) {
      return &table[i];
    }
  }
  fprintf(stderr, "unknown option %s\n", name);
  exit(2);
}

static void
store(void* const place, const Kind kind, const char* const text, const int argc)
{
  if (kind == KIND_TEXT) {
    *(const char**)place = text;
  } else if (kind == KIND_INTEGER) {
    *(int*)place = atoi(text);
  } else if (kind == KIND_REAL) {
    *(double*)place = atof(text);
  } else {
    TextList* const list = (TextList*)place;
    if (!list->texts) {
      list->texts = (const char**)calloc((size_t)argc, sizeof(char*));
      CHECK(list->texts);
    }
    list->texts[list->n++] = text;
  }
}

Options
options_parse(const int argc, char** const argv)
{
  Options options = {
    .rate = 44100.0, .n_channels = 2, .block = 512, .n_activations = 1, .n_repeats = 1};
  for (int i = 1; i < argc; ++i) {
    if (strncmp(argv[i], "--", 2) != 0) {
      options.bundle = argv[i];
      continue;
    }
    const Row* const row   = find(argv[i]);
    char* const      place = (char*)&options + row->place;
    if (row->kind == KIND_FLAG) {
      *(bool*)place = true;
    } else if (i + 1 < argc) {
      store(place, row->kind, argv[++i], argc);
    } else {
      fprintf(stderr, "%s needs a value\n", row->name);
      exit(2);
    }
  }
  CHECK(options.bundle && options.block >= 0 && options.block <= HOST_MAX_BLOCK);
  CHECK(options.n_channels == 1 || options.n_channels == 2);
  CHECK(options.rate > 0.0 && options.n_repeats > 0 && options.n_drain >= 0);
  return options;
}

void
options_free(Options* const options)
{
  free(options->settings.texts);
  free(options->automation.texts);
}
