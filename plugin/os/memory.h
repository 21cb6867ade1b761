/* SPDX-License-Identifier: GPL-3.0-or-later

   Memory that the audio thread is going to use. */

#pragma once

#include <stddef.h>

/**
   Return `n` elements of zeros, all of them there already, or NULL.

   What `calloc` alone gives is only there once it is touched, and the audio thread
   would wait for that.  To be freed with `free`.  Not the audio thread.
*/
void*
memory_new_resident(size_t n, size_t size);
