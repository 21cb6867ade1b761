/* SPDX-License-Identifier: GPL-3.0-or-later

   Mark what a library shows to those who load it. */

#ifndef REQUINTO_EXPORT_H
#define REQUINTO_EXPORT_H

#ifdef _WIN32
#  define EXPORT __declspec(dllexport)
#else
#  define EXPORT __attribute__((visibility("default")))
#endif

#endif
