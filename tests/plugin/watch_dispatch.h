/* SPDX-License-Identifier: GPL-3.0-or-later

   Have the kernel report every system call that a thread makes. */

#pragma once

#include <stdbool.h>

enum { DISPATCH_NUMBERS = 1024 }; ///< System calls counted, by their number

/// Ready the calling thread; return false if the kernel cannot report them
bool
dispatch_arm(void);

/// Have the calling thread's system calls counted from here on, or no longer
void
dispatch_select(bool on);

/// Return how often system call `number` was made while they were counted
unsigned long
dispatch_count(int number);
