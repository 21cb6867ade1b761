/* SPDX-License-Identifier: GPL-3.0-or-later

   Lists of files as programs exchange them (RFC 2483, RFC 8089). */

#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Write the path of the first local file in a list of type text/uri-list; return false
/// if there is none, or it is too long
bool
uri_list_first_path(const char* list, size_t length, char* path, size_t size);
