/* SPDX-License-Identifier: GPL-3.0-or-later

   Where the system calls a window itself, and its errors end nothing: Windows and
   macOS. */

#include "window/native.h"

void
native_enter(void)
{
}

void
native_leave(void)
{
}

void
native_set_opening(const bool is_opening)
{
  (void)is_opening;
}

const char*
native_no_world(void)
{
  return "no window: not enough memory";
}

void
native_begin_dispatch(Native* const native)
{
  (void)native;
}

void
native_finish_dispatch(Native* const native)
{
  (void)native;
}

void
native_finish_call(Native* const native)
{
  (void)native;
}

int
native_descriptor(const Native* const native)
{
  (void)native;
  return -1;
}
