/* SPDX-License-Identifier: GPL-3.0-or-later

   Define the attribute that marks a function as safe on the audio thread. */

#ifndef REQUINTO_REALTIME_H
#define REQUINTO_REALTIME_H

/// The function does not block, allocate, or log
#if defined(__clang__) && __clang_major__ >= 20
#  define REALTIME __attribute__((nonblocking))
#else
#  define REALTIME
#endif

#endif
