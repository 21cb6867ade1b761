/* SPDX-License-Identifier: GPL-3.0-or-later

   The gate between C and Python, which closes before Python does.

   A thread that requests Python's lock while Python finalises is ended there and
   then (since 3.14 it waits for ever).  Whatever it held stays held, and where C++
   is among its callers, as TensorFlow's is, the process aborts.  So all threads have
   to be out of Python before that, and may not come back. */

#pragma once

#include "os/attributes.h"

#include <stdbool.h>

/// Let the calling thread into Python and return its entry, or -1 if it is closed
int
gate_enter(void);

/// End what `gate_enter` began
void
gate_leave(int entry);

/**
   Have the gate close before Python finalises; return false if that cannot be.

   It closes when exit functions are called, and waits until no thread is inside.  The
   caller holds Python's lock.
*/
bool
gate_guard_python(void);

/// Let threads inside be interrupted from now on: what is imported before must not be.
/// The caller holds Python's lock.
void
gate_allow_interruption(void);

/**
   Have the gate close before the process ends, where Python is not finalised.

   To be called once libraries have been loaded: what they do at exit comes after.
*/
void
gate_guard_exit(void);

/**
   Keep the calling thread from returning to a Python that would end it.

   Where the gate is closed and the thread is one of Python's, but not the one that
   finalises, it stays here until the process ends, or, while Python goes on, for two
   seconds.  Other threads return at once.
*/
EXPORT void
requinto_hold_thread(void);
