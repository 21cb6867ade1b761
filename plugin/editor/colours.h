/* SPDX-License-Identifier: GPL-3.0-or-later

   Colours of the window.  The extracted sound is amber and the rest grey everywhere:
   hues that people who cannot tell red from green tell apart. */

#pragma once

#define COLOUR_WINDOW    0xFF1E2024U ///< Behind everything
#define COLOUR_WELL      0xFF121316U ///< Behind a picture or a bar
#define COLOUR_TEXT      0xFFE8E8E6U ///< Words that matter
#define COLOUR_FAINT     0xFF9A9DA4U ///< Words beside them
#define COLOUR_EXTRACTED 0xFFFFB000U ///< What is extracted
#define COLOUR_REST      0xFF9A9DA4U ///< Everything else
#define COLOUR_PLAY      0xFFFFFFFFU ///< The line of what sounds now
#define COLOUR_CLIP      0xFF5AA9E6U ///< Edges of clips
#define COLOUR_WARNING   0xFFFF8A5CU ///< What needs the user
