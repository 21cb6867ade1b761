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
  size_t      offset; ///< In `Options`
} Row;

#define OFFSET(member) offsetof(Options, member)

static const Row table[] = {
  {"--in", KIND_TEXT, OFFSET(in_path)},
  {"--out", KIND_TEXT, OFFSET(out_path)},
  {"--sidechain", KIND_TEXT, OFFSET(sidechain_path)},
  {"--transport", KIND_TEXT, OFFSET(transport_path)},
  {"--load-state", KIND_TEXT, OFFSET(load_path)},
  {"--save-state", KIND_TEXT, OFFSET(save_path)},
  {"--sin", KIND_TEXT, OFFSET(sin)},
  {"--set", KIND_LIST, OFFSET(settings)},
  {"--automate", KIND_LIST, OFFSET(automation)},
  {"--rate", KIND_REAL, OFFSET(rate)},
  {"--after-ready", KIND_REAL, OFFSET(after_ready_s)},
  {"--hurry", KIND_REAL, OFFSET(hurry_s)},
  {"--channels", KIND_INTEGER, OFFSET(n_channels)},
  {"--block", KIND_INTEGER, OFFSET(block)},
  {"--activations", KIND_INTEGER, OFFSET(n_activations)},
  {"--repeat", KIND_INTEGER, OFFSET(n_repeats)},
  {"--drain", KIND_INTEGER, OFFSET(n_drain)},
  {"--realtime", KIND_FLAG, OFFSET(realtime)},
  {"--no-bar", KIND_FLAG, OFFSET(no_bar)},
  {"--wrong-bar", KIND_FLAG, OFFSET(wrong_bar)},
  {"--follow-restarts", KIND_FLAG, OFFSET(follow_restarts)},
  {"--no-release", KIND_FLAG, OFFSET(no_release)},
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
store(void* const option, const Kind kind, const char* const text, const int argc)
{
  if (kind == KIND_TEXT) {
    *(const char**)option = text;
  } else if (kind == KIND_INTEGER) {
    *(int*)option = atoi(text);
  } else if (kind == KIND_REAL) {
    *(double*)option = atof(text);
  } else {
    TextList* const list = (TextList*)option;
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
    const Row* const row    = find(argv[i]);
    char* const      option = (char*)&options + row->offset;
    if (row->kind == KIND_FLAG) {
      *(bool*)option = true;
    } else if (i + 1 < argc) {
      store(option, row->kind, argv[++i], argc);
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
