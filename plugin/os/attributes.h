/* SPDX-License-Identifier: GPL-3.0-or-later

   Attributes of functions, as each compiler spells them. */

#pragma once

/// A library shows this to those who load it
#ifdef _WIN32
#  define EXPORT __declspec(dllexport)
#else
#  define EXPORT __attribute__((visibility("default")))
#endif

/// The function is safe on the audio thread: it does not block, allocate, or log
#if defined(__clang__) && __clang_major__ >= 20
#  define REALTIME __attribute__((nonblocking))
#else
#  define REALTIME
#endif
