/* SPDX-License-Identifier: GPL-3.0-or-later

   A format as the host with windows sees it: view_vst3.c, view_clap.c, view_lv2.c. */

#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { VIEW_BLOCK = 512, VIEW_RATE = 44100, VIEW_TEXT_SIZE = 256 };

/// What the user does to a parameter
typedef enum { VIEW_BEGIN, VIEW_VALUE, VIEW_END } ViewEditKind;

/// Where a host's song is that plays
typedef struct {
  double quarter; ///< At the start of a block
  double tempo_bpm;
} ViewSong;

/// The functions of a format; `plugin` is what `create` has returned
typedef struct {
  /// Load the library of a bundle
  void (*load)(const char* bundle);

  /// Return an instance that is active
  void* (*create)(void);

  /// Process a block in place; `song` is NULL while the host stands.  Audio thread.
  void (*process)(void*           plugin,
                  float* const    channels[2],
                  uint32_t        n_frames,
                  const ViewSong* song);

  /// Open the window in another and have the loop call it; return false if it refuses
  bool (*open)(void* plugin, uintptr_t parent);

  /// Write the size in pixels, of the window or of the next
  void (*size)(void* plugin, uint32_t* width, uint32_t* height);

  /// Give an open window another size, of those that it can have
  void (*resize)(void* plugin, uint32_t width, uint32_t height);

  /// Choose the scale, before a window is opened or while it is open
  void (*scale)(void* plugin, double scale);

  /// Write a parameter as the host shows it, and return its value as hosts count it;
  /// NULL where nothing of ours does that
  double (*show)(const void* plugin, uint32_t id, char text[VIEW_TEXT_SIZE]);

  void (*close)(void* plugin);

  /// Free the instance; a window that is open is lost
  void (*destroy)(void* plugin);

  /// Check what a host may do wrongly, in a window of its own
  void (*check)(uintptr_t parent);
} ViewFormat;

extern const ViewFormat view_vst3;
extern const ViewFormat view_clap;
extern const ViewFormat view_lv2;

/// The host has nothing by which a window could be called
extern bool view_has_no_loop;

/// What follows is the plugin's doing, and is watched.  Audio thread.
void
view_enter_plugin(void);

/// What follows is the host's.  Audio thread.
void
view_leave_plugin(void);

/// Note an edit that the plugin reports.  Any thread.
void
view_note_edit(const void* plugin, ViewEditKind kind, uint32_t id, double value);

/// Note that the plugin asks for another size of its window; return whether it has it
bool
view_take_size(const void* plugin, uint32_t width, uint32_t height);

/// Note that the plugin had the host read values, or activate anew
void
view_note_request(const char* name);
