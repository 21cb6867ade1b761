/* SPDX-License-Identifier: GPL-3.0-or-later

   The picture of the song going by: the mixture in grey, the extracted part of it lit,
   bars, beats and clips, what plays now and what is already separated.

   For one thread. */

#pragma once

#include "editor/canvas.h"
#include "editor/song.h"

#include <stdbool.h>

enum { SONG_VIEW_S = 8 }; ///< Seconds that the width of the picture shows

/// A picture that scrolls
typedef struct SongViewImpl SongView;

/// Return an empty picture, or NULL
SongView*
song_view_new(void);

/// Free a picture; may be NULL
void
song_view_free(SongView* view);

/// Take what is new in a song, for a box of a canvas of a scale; return whether the
/// picture has changed since the last call
bool
song_view_update(SongView* view, const Song* song, Box box, double scale);

/// Paint the picture into the box of the last update
void
song_view_paint(const SongView* view, Canvas* canvas);
