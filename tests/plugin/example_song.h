/* SPDX-License-Identifier: GPL-3.0-or-later

   Columns of a song that no one has played: bass, bongo, güira, a voice, and a guitar
   that is extracted.  The same on every machine, as far as its mathematics agree. */

#pragma once

#include "python/bridge_table.h"

#include <stdint.h>

enum {
  EXAMPLE_RATE          = 44100, ///< Hz
  EXAMPLE_COLUMN_FRAMES = 1024,
  EXAMPLE_BPM           = 125
};

/// Return a column of the song, of its `index`
Column
example_column(uint32_t index);
