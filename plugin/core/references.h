/* SPDX-License-Identifier: GPL-3.0-or-later

   What can be extracted: the built-in targets, the sound that was learnt, and the
   sound files in the user's folder, with those that a saved state brought along, or the
   user added to this list.

   The list only grows, and a name keeps its index, so that any thread may look at
   it while another adds to it.  Once it is full, what an old state brought gives its
   place to what another brings; a name that was read stays as long as the list. */

#pragma once

#include "core/reference_name.h"
#include "core/sound_file.h"
#include "os/attributes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
  REFERENCES_MAX = 256, ///< Entries of the list
  REFERENCES_MAX_IN_STATES =
    4 * SOUND_FILE_MAX_SIZE, ///< Bytes, in all, that states brought
};

/// Name of the sound that was learnt, which comes after the built-in targets
#define REFERENCES_LEARNED "Learned"

/// Owned by many; the last to leave frees it
typedef struct ReferencesImpl References;

/**
   Return the list, with the names of the files that are in the user's folder now.

   The folder is REQUINTO_REFERENCES, or `Requinto/References` where programs keep
   the user's data.  The files are not opened yet.  NULL if there is no memory.
   Main thread only.
*/
References*
references_new(void);

/// Become another owner, and return it.  Not the audio thread.
References*
references_share(References* references);

/// Leave the list; may be NULL.  Not the audio thread.
void
references_leave(References* references);

/// Return how many entries there are.  Any thread.
uint32_t
references_count(const References* references) REALTIME;

/// Return the names, of which as many as `references_count` are there.  Any thread.
const char* const*
references_names(const References* references) REALTIME;

/// Return the index of a name, or `REFERENCES_MAX`.  Any thread.
uint32_t
references_find(const References* references, const char* name) REALTIME;

/// Return the index of a file of the user's folder, or `REFERENCES_MAX`.  Any thread.
uint32_t
references_find_file(const References* references, const char* path) REALTIME;

/// Return the index of the sound that was learnt, in every list.  Any thread.
uint32_t
references_learned_index(void) REALTIME;

/// Return a number that changes with every sound that is kept.  Any thread.
uint32_t
references_revision(const References* references) REALTIME;

/// Return a number that changes with the names.  Any thread.
uint32_t
references_names_revision(const References* references) REALTIME;

/**
   Return a copy of the sound at an index, or NULL where there is none or it cannot
   be read.  To be freed with `free`.  May read a file: not the audio thread.
*/
SoundFile*
references_sound(References* references, uint32_t index);

/// Return why `references_sound` last had no sound at an index, or "".  Any thread.
const char*
references_problem(References* references, uint32_t index);

/**
   Keep a copy of a sound file under a name, instead of the one it had.

   What states brought longest ago gives way if there is no room.  Returns false if it
   is empty, too large, the name is not valid or built in, or there is no memory.  Not
   the audio thread.
*/
bool
references_keep(References*          references,
                const char*          name,
                const unsigned char* bytes,
                uint32_t             n_bytes);

/**
   Have the target of a state in the list, under the name of `reference_name_clean`.

   Returns false, and says so on stderr, if that is new or has no sound: chosen, it
   passes the input, with a status that shows why, until a sound is kept under the name.
   Not the audio thread.
*/
bool
references_want(References* references, const char* text);
