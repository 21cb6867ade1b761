/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "play.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Options */

static void
add_change(PlayOptions* const options, const uint64_t frame, const char* const setting)
{
  CHECK(options->n_changes < PLAY_MAX_CHANGES && strchr(setting, '='));
  options->changes[options->n_changes++] = (PlayChange){frame, setting};
}

/// Take an option with its value; return false if there is none of that name
static bool
take_option(PlayOptions* const options, const char* const name, const char* const value)
{
  const struct {
    const char*  name;
    const char** path;
  } paths[] = {{"--also", &options->also},
               {"--in", &options->in_path},
               {"--out", &options->out_path},
               {"--sidechain", &options->sidechain_path},
               {"--load", &options->load_path},
               {"--load-late", &options->load_late_path},
               {"--save", &options->save_path}};
  for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); ++i) {
    if (!strcmp(name, paths[i].name)) {
      *paths[i].path = value;
      return true;
    }
  }
  if (!strcmp(name, "--rate")) {
    options->rate = atof(value);
  } else if (!strcmp(name, "--tempo")) {
    options->tempo_bpm = atof(value);
  } else if (!strcmp(name, "--channels")) {
    options->n_channels = (uint32_t)atoi(value);
  } else if (!strcmp(name, "--block")) {
    options->block = (uint32_t)atoi(value);
  } else if (!strcmp(name, "--drain")) {
    options->n_drain = (uint64_t)atoll(value);
  } else if (!strcmp(name, "--activations")) {
    options->n_activations = atoi(value);
  } else if (!strcmp(name, "--set")) {
    add_change(options, 0, value);
  } else {
    return false;
  }
  return true;
}

PlayOptions
play_parse(const int argc, char** const argv)
{
  PlayOptions options = {
    .rate = 44100.0, .n_channels = 2, .block = 512, .n_activations = 1};
  for (int i = 1; i < argc; ++i) {
    if (strncmp(argv[i], "--", 2) != 0) {
      options.plugin = argv[i];
    } else if (!strcmp(argv[i], "--at") && i + 2 < argc) {
      add_change(&options, (uint64_t)atoll(argv[i + 1]), argv[i + 2]);
      i += 2;
    } else if (i + 1 < argc && take_option(&options, argv[i], argv[i + 1])) {
      ++i;
    } else {
      fprintf(stderr, "unknown option %s\n", argv[i]);
      exit(2);
    }
  }
  CHECK(options.plugin && options.block <= PLAY_MAX_BLOCK);
  CHECK(options.n_channels == 1 || options.n_channels == 2);
  return options;
}

/* Playing */

/// Read up to `n` frames and part their channels; return how many there were
static uint32_t
read_frames(FILE* const    file,
            float** const  channels,
            const uint32_t n_channels,
            const uint32_t n)
{
  static float frames[PLAY_MAX_CHANNELS * PLAY_MAX_BLOCK];
  const size_t n_read = file ? fread(frames, n_channels * sizeof(float), n, file) : 0;
  for (size_t i = 0; i < n * n_channels; ++i) {
    channels[i % n_channels][i / n_channels] =
      i < n_read * n_channels ? frames[i] : 0.0F;
  }
  return (uint32_t)n_read;
}

static void
write_frames(FILE* const    file,
             float** const  channels,
             const uint32_t n_channels,
             const uint32_t n)
{
  static float frames[PLAY_MAX_CHANNELS * PLAY_MAX_BLOCK];
  for (size_t i = 0; i < n * n_channels; ++i) {
    frames[i] = channels[i % n_channels][i / n_channels];
  }
  CHECK(fwrite(frames, n_channels * sizeof(float), n, file) == n);
}

void
play_file(const PlayOptions* const options, const PlayFunc run, void* const host)
{
  static float memory[2 * PLAY_MAX_CHANNELS][PLAY_MAX_BLOCK];
  float*       channels[]  = {memory[0], memory[1]};
  float*       sidechain[] = {memory[2], memory[3]};
  if (!options->in_path || !options->out_path) {
    return;
  }
  FILE* const in  = fopen(options->in_path, "rb");
  FILE* const out = fopen(options->out_path, "wb");
  FILE* const side =
    options->sidechain_path ? fopen(options->sidechain_path, "rb") : NULL;
  CHECK(in && out && (side || !options->sidechain_path));

  unsigned seed   = 1;
  uint64_t frame  = 0;
  uint64_t n_left = options->n_drain;
  for (bool ended = false; !ended || n_left > 0;) {
    const uint32_t max_frames =
      options->block ? options->block : 1 + draw(&seed) % PLAY_MAX_BLOCK;
    uint32_t n = ended && n_left < max_frames ? (uint32_t)n_left : max_frames;
    (void)read_frames(side, sidechain, options->n_channels, n);
    const uint32_t n_read = read_frames(in, channels, options->n_channels, n);
    if (ended) {
      n_left -= n;
    } else {
      ended = n_read < n;
      n     = n_read;
    }
    if (n > 0) {
      const double minutes = (double)frame / (60.0 * options->rate);
      run(host,
          &(PlayBlock){channels,
                       side ? sidechain : NULL,
                       n,
                       frame,
                       minutes * options->tempo_bpm,
                       options->changes,
                       options->n_changes});
      write_frames(out, channels, options->n_channels, n);
      frame += n;
    }
  }
  fclose(in);
  if (side) {
    fclose(side);
  }
  CHECK(!fclose(out));
}

bool
play_is_due(const PlayBlock* const  block,
            const PlayChange* const change,
            uint32_t* const         offset)
{
  *offset = (uint32_t)(change->frame - block->frame);
  return change->frame >= block->frame &&
         change->frame < block->frame + block->n_frames;
}

const char*
play_text_for(const PlayChange* const change, const char* const name)
{
  const size_t n = strlen(name);
  return !strncmp(change->setting, name, n) && change->setting[n] == '='
           ? change->setting + n + 1
           : NULL;
}

/* Printing */

void
play_print_process(const char* const when)
{
  bool  has_python = false;
  char  line[512];
  FILE* maps = fopen("/proc/self/maps", "r");
  CHECK(maps);
  while (fgets(line, sizeof(line), maps)) {
    has_python = has_python || strstr(line, "libpython");
  }
  fclose(maps);
  printf("python_%s=%s\n", when, has_python ? "yes" : "no");
}

double
play_now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* Files */

PlayBytes
play_read(const char* const path)
{
  FILE* const file = fopen(path, "rb");
  CHECK(file && !fseek(file, 0, SEEK_END));
  const long size = ftell(file);
  CHECK(size >= 0 && !fseek(file, 0, SEEK_SET));
  PlayBytes read = {(unsigned char*)malloc((size_t)size + 1), (size_t)size};
  CHECK(read.bytes && fread(read.bytes, 1, read.n_bytes, file) == read.n_bytes);
  fclose(file);
  return read;
}

void
play_write(const char* const path, const void* const bytes, const size_t n_bytes)
{
  FILE* const file = fopen(path, "wb");
  CHECK(file && fwrite(bytes, 1, n_bytes, file) == n_bytes && !fclose(file));
}
