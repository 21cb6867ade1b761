/* SPDX-License-Identifier: GPL-3.0-or-later

   The font, as a file in memory. */

#pragma once

/// Return the bytes of a TrueType font
const unsigned char*
font_data(void);
