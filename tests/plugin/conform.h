/* SPDX-License-Identifier: GPL-3.0-or-later

   What the checks of `conform.c` share. */

#pragma once

#include "vst3_host.h"

enum { RATE = 44100, BLOCK = 512, MAX_BLOCK = 8192 };

/// A check: it is given an instance that is initialised and not active
typedef struct {
  const char* name;
  void (*run)(Instance* p);
} Check;

/// A row of a table of checks, each of which ends with an empty row
#define ROW(function)                                                                  \
  {                                                                                    \
#    function, function                                                                \
  }

extern const Check conform_factory[];
extern const Check conform_life[];
extern const Check conform_buses[];
extern const Check conform_arrangements[];
extern const Check conform_params[];
extern const Check conform_changes[];
extern const Check conform_state[];
extern const Check conform_fuzz[];
extern const Check conform_process[];
extern const Check conform_blocks[];
extern const Check conform_handler[];
extern const Check conform_threads[];

/// Note a failure unless `so`, and return it.  Any thread.
bool
conform_expect(bool so, const char* what, const char* file, int line);

#define EXPECT(condition) conform_expect((condition), #condition, __FILE__, __LINE__)

/// Activate an instance for blocks in real time, and return room for some of sound
Sound*
conform_begin(const Instance* p, int32_t block, int32_t room);

/// Deactivate the instance, and free the sound
void
conform_end(const Instance* p, Sound* sound);

/// Return the state
Stream
conform_save(const Instance* p);

/// Give the instance random values, and return its state
Stream
conform_save_random(const Instance* p, unsigned* seed);

/// The locale whose decimal point is a comma, or NULL
extern const char* conform_locale;

/// Count the allocations of this thread from now on
void
allocations_begin(void);

/// Return how many there were, and count no more
unsigned
allocations_end(void);
