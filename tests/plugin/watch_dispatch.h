/* SPDX-License-Identifier: GPL-3.0-or-later

   Have the kernel tell of every system call that a thread makes. */

#pragma once

#include <stdbool.h>

enum { DISPATCH_NUMBERS = 1024 }; ///< System calls told apart, by their number

/// Ready the calling thread; return false if the kernel cannot tell
bool
dispatch_arm(void);

/// Have the calling thread's system calls told from here on, or no longer
void
dispatch_tell(bool on);

/// Return how often system call `number` was made while they were told
unsigned long
dispatch_count(int number);
