/* SPDX-License-Identifier: GPL-3.0-or-later

   Names of references: text of the user's, or of a state that anybody may have
   written, which is printed and shown. */

#pragma once

#include <stdbool.h>

/// Bytes with their end, of a name, and of what is printed for one
enum { REFERENCES_MAX_NAME = 96, REFERENCES_MAX_SHOWN = 3 * REFERENCES_MAX_NAME };

/// Return whether text holds a line's end or another control character
bool
reference_name_has_control(const char* text);

/// Return whether text can be a name as it is
bool
reference_name_is_valid(const char* text);

/// Write the valid name that is nearest to text: the same if that is one
void
reference_name_clean(const char* text, char name[REFERENCES_MAX_NAME]);

/// Write what can be printed in place of text that may be no name, and no UTF-8
void
reference_name_show(const char* text, char shown[REFERENCES_MAX_SHOWN]);

/// Return a copy of a name, or of its file's path, to be freed; NULL without memory
char*
reference_name_copy(const char* text);
