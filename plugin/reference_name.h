/* SPDX-License-Identifier: GPL-3.0-or-later

   Names of references: text of the user's, or of a state that anybody may have
   written, which is printed and shown. */

#ifndef REQUINTO_REFERENCE_NAME_H
#define REQUINTO_REFERENCE_NAME_H

#include <stdbool.h>

enum { REFERENCES_MAX_NAME = 96 }; ///< Bytes of a name with its end

/// Return whether text holds a line's end or another control character
bool
reference_name_has_control(const char* text);

/// Return whether text can be a name as it is
bool
reference_name_is_valid(const char* text);

/// Write the valid name that is nearest to text: the same if that is one
void
reference_name_clean(const char* text, char name[REFERENCES_MAX_NAME]);

#endif
