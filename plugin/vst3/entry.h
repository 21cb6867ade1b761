/* SPDX-License-Identifier: GPL-3.0-or-later

   What the hosts of each system call first and last in a module. */

#pragma once

#if defined(_WIN32)
#  define VST3_ENTER           InitDll
#  define VST3_LEAVE           ExitDll
#  define VST3_ENTER_PARAMETER void
#elif defined(__APPLE__)
#  define VST3_ENTER           bundleEntry
#  define VST3_LEAVE           bundleExit
#  define VST3_ENTER_PARAMETER __attribute__((unused)) void* bundle
#else
#  define VST3_ENTER           ModuleEntry
#  define VST3_LEAVE           ModuleExit
#  define VST3_ENTER_PARAMETER __attribute__((unused)) void* library
#endif
