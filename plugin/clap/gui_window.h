/* SPDX-License-Identifier: GPL-3.0-or-later

   The open window of a plugin in a CLAP host: what calls it, and what it reports.

   All of it is for the main thread. */

#pragma once

#include "clap/plugin.h"
#include "editor/editor.h"
#include "os/ticker.h"

#include <stdbool.h>
#include <stdint.h>

enum { GUI_WINDOW_MAX_TITLE = 256 }; ///< Bytes, with its end

/// From `create` to `destroy`
struct ClapGuiImpl {
  Editor*                          editor;
  const clap_host_gui_t*           host_gui;         ///< NULL where the host has none
  const clap_host_timer_support_t* host_timers;      ///< Likewise
  const ClapHostDescriptors*       host_descriptors; ///< Likewise
  bool                             is_floating;
  uintptr_t                        parent; ///< 0 for none
  char                             title[GUI_WINDOW_MAX_TITLE];

  /* While the window is open */
  Ticker* ticker; ///< Of the system, where the host has no timers
  bool    has_timer;
  clap_id timer;
  int     descriptor; ///< That the host watches, or -1

  /* What the host is told after an event, and not in it */
  bool is_closed;
  bool has_values;
  bool has_latency;
};

/// Make what a window needs, without one; return false if there is no editor
bool
clap_gui_window_new(ClapPlugin* plugin, bool is_floating);

/// Close the window and free it all; may be called without any
void
clap_gui_window_free(ClapPlugin* plugin);

/// Open the window if it is not; return false, and say why on stderr, if it cannot be
bool
clap_gui_window_open(ClapPlugin* plugin);

/// Close the window if it is open
void
clap_gui_window_close(ClapPlugin* plugin);

/// Take what has happened, and, if it is time, paint.  The host may destroy it all.
void
clap_gui_window_call(ClapPlugin* plugin, bool ticks);
