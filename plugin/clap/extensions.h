/* SPDX-License-Identifier: GPL-3.0-or-later

   Ports, state, latency and the other extensions for hosts. */

#pragma once

/// Return an extension that deals with what is not a parameter, or NULL.  Any thread.
const void*
clap_extension(const char* id);
