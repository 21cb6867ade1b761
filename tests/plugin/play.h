/* SPDX-License-Identifier: GPL-3.0-or-later

   What the plain hosts of CLAP and LV2 share: options, and playing a file.

       HOST PLUGIN [--in FILE --out FILE] [--sidechain FILE] [--rate HZ]
            [--channels N] [--block N] [--drain FRAMES] [--tempo BPM]
            [--set NAME=TEXT]... [--at FRAME NAME=TEXT]... [--activations N]
            [--load FILE] [--load-late FILE] [--save FILE] [--also PLUGIN]

   Files of sound hold interleaved 32-bit floats, those of `--load` and `--save` a
   state.  `--block 0` varies the block from 1 to 8192.  `--tempo` has the host play
   a song in four; without it, it stands.  `--set` is a change at frame 0, `--at` at
   another of each activation.  `--load-late` loads a state while still active. `--also`
   plays through another copy first, in the same process. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLAY_MAX_BLOCK = 8192, PLAY_MAX_CHANGES = 16, PLAY_MAX_CHANNELS = 2 };

/// A parameter set by name, at a frame of the song
typedef struct {
  uint64_t    frame;
  const char* setting; ///< `NAME=TEXT`
} PlayChange;

typedef struct {
  const char* plugin;
  const char* also;           ///< NULL for none
  const char* in_path;        ///< NULL for none
  const char* out_path;       ///< NULL for none
  const char* sidechain_path; ///< NULL for none
  const char* load_path;      ///< NULL for none
  const char* load_late_path; ///< NULL for none
  const char* save_path;      ///< NULL for none
  PlayChange  changes[PLAY_MAX_CHANGES];
  int         n_changes;
  double      rate;
  double      tempo_bpm; ///< 0 where the host stands
  uint32_t    n_channels;
  uint32_t    block;
  int         n_activations;
  uint64_t    n_drain; ///< Frames of silence after the file
} PlayOptions;

/// A block, to be processed in place
typedef struct {
  float**           channels;
  float**           sidechain; ///< NULL where there is none
  uint32_t          n_frames;
  uint64_t          frame;   ///< Of the song, at its start
  double            quarter; ///< Likewise
  const PlayChange* changes; ///< Those of all blocks
  int               n_changes;
} PlayBlock;

/// Process a block in a host's plugin
typedef void (*PlayFunc)(void* host, const PlayBlock* block);

/// Bytes to be freed with `free`
typedef struct {
  unsigned char* bytes;
  size_t         n_bytes;
} PlayBytes;

/// Read the command line, or end with status 2
PlayOptions
play_parse(int argc, char** argv);

/// Play the file of the options through a plugin, if there is one
void
play_file(const PlayOptions* options, PlayFunc run, void* host);

/// Return whether a change falls into a block, and at which of its frames
bool
play_is_due(const PlayBlock* block, const PlayChange* change, uint32_t* offset);

/// Return the text of `NAME=TEXT` if it is for this parameter, or NULL
const char*
play_text_for(const PlayChange* change, const char* name);

/// Print whether a Python library is mapped
void
play_print_process(const char* when);

/// Return the time in milliseconds
double
play_now_ms(void);

/// Read a file whole, or end
PlayBytes
play_read(const char* path);

/// Write a file whole, or end
void
play_write(const char* path, const void* bytes, size_t n_bytes);
