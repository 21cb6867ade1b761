/* SPDX-License-Identifier: GPL-3.0-or-later

   Colours and sizes of controls, beside those of the pictures.  Every pair of text and
   what lies behind it has a contrast of 4.5 to 1 or more; `tests/plugin/test_words.c`
   holds that. */

#pragma once

#include "editor/colours.h"

#define THEME_CONTROL   0xFF2B2E34U      ///< Fill of what can be pressed
#define THEME_HOVER     0xFF363A42U      ///< The same under the pointer
#define THEME_POPUP     0xFF26292FU      ///< Of an open list or a tooltip
#define THEME_TRACK     0xFF3F434BU      ///< Of a slider
#define THEME_LIT       COLOUR_EXTRACTED ///< What is on
#define THEME_LIT_FAINT 0xFF4A3A14U      ///< Part of a button that fills up
#define THEME_ON_LIT    0xFF1A1408U      ///< Text on what is on
#define THEME_DISABLED  0xFF85888FU      ///< Text of what cannot be pressed
#define THEME_FOCUS     0xFFF4F4F2U      ///< Line around what keys go to
#define THEME_BUSY      COLOUR_CLIP      ///< Symbol of what takes a while

/// Text colours and what they are painted on
#define THEME_TEXT_PAIRS                                                               \
  {COLOUR_TEXT, COLOUR_WINDOW}, {COLOUR_FAINT, COLOUR_WINDOW},                         \
    {COLOUR_WARNING, COLOUR_WINDOW}, {COLOUR_EXTRACTED, COLOUR_WINDOW},                \
    {THEME_DISABLED, COLOUR_WINDOW}, {COLOUR_TEXT, COLOUR_WELL},                       \
    {COLOUR_FAINT, COLOUR_WELL}, {COLOUR_TEXT, THEME_CONTROL},                         \
    {COLOUR_FAINT, THEME_CONTROL}, {COLOUR_TEXT, THEME_HOVER},                         \
    {COLOUR_TEXT, THEME_POPUP}, {COLOUR_FAINT, THEME_POPUP},                           \
    {COLOUR_TEXT, THEME_LIT_FAINT},                                                    \
  {                                                                                    \
    THEME_ON_LIT, THEME_LIT                                                            \
  }

#define THEME_TEXT   12.0 ///< Size of words
#define THEME_SMALL  11.0 ///< Of labels, and the smallest there is
#define THEME_TITLE  16.0 ///< Of the name
#define THEME_RADIUS 4.0  ///< Of corners
