/* SPDX-License-Identifier: GPL-3.0-or-later

   What a host hands to a plugin: streams, parameter changes, a handler, a context.

   Each lives where the test puts it, and is begun by its function here.  What the
   plugin is given is a pointer to the object, whose first field is its table. */

#pragma once

#include "vst3/vst3.h"

#include <stdatomic.h>

enum { STREAM_ROOM = 65536, MAX_QUEUES = 32, MAX_POINTS = 8192 };

/// How a stream misbehaves; all zero is a good one
typedef struct {
  int32_t max_bytes;   ///< In one call, 0 for any number
  int32_t fail_after;  ///< Calls that succeed before all fail, 0 for no failure
  bool    end_is_fail; ///< Answers "false" at its end, as some hosts do
  int32_t lie;         ///< Added to the number of bytes that a read reports
} StreamFaults;

/// A stream in memory: its own, or, where that is too small, another's
typedef struct {
  const struct v3_bstream* table;
  char                     bytes[STREAM_ROOM];
  char*                    lent; ///< NULL where it is its own
  int64_t                  room; ///< Bytes of either
  int64_t                  n_bytes;
  int64_t                  position;
  int32_t                  n_calls;
  StreamFaults             faults;
} Stream;

/// Begin a stream that holds a copy of `n_bytes`, at its start
void
stream_begin(Stream* stream, const char* bytes, size_t n_bytes);

/// Begin a stream in memory that is lent and holds `n_bytes`, at its start
void
stream_begin_in(Stream* stream, char* memory, size_t room, size_t n_bytes);

/// The stream as the plugin knows it
struct v3_bstream**
stream_face(Stream* stream);

/// The points of one parameter in a block
typedef struct {
  const struct v3_param_value_queue* table;
  v3_param_id                        id;
  int32_t                            n_points;
  int32_t                            n_claimed; ///< Points it says it has, if more
  int32_t                            offsets[MAX_POINTS];
  double                             values[MAX_POINTS];
} Queue;

/// What changes in a block, in either direction
typedef struct {
  const struct v3_param_changes* table;
  int32_t                        n_queues;
  bool                           refuses;   ///< Adds no queue, as some hosts do
  bool                           has_holes; ///< Gives NULL for each queue
  Queue                          queues[MAX_QUEUES];
} Changes;

/// Return changes with nothing in them, there in memory; the caller frees them
Changes*
changes_new(void);

/// Forget all queues
void
changes_clear(Changes* changes);

/// Add a queue without points
Queue*
changes_add(Changes* changes, v3_param_id id);

/// Return the queue of a parameter, added if there is none
Queue*
changes_find(Changes* changes, v3_param_id id);

/// Add a queue with one point at the start of the block
void
changes_set(Changes* changes, v3_param_id id, double normalised);

void
queue_add(Queue* queue, int32_t offset, double normalised);

/// The changes as the plugin knows them; NULL is passed through
struct v3_param_changes**
changes_face(Changes* changes);

/// A component handler that counts; the plugin may call it from any thread
typedef struct {
  const struct v3_component_handler* table;
  atomic_int                         n_refs; ///< Begins at 1, the test's own
  atomic_int                         n_restarts;
  atomic_int                         restart_flags; ///< All that were ever sent
  atomic_int                         pending_flags; ///< Not yet acted upon
  atomic_int                         n_edits;
  atomic_uintptr_t                   audio_thread; ///< 0, or one that must not call
  atomic_int                         n_from_audio; ///< Calls from there
} Handler;

void
handler_begin(Handler* handler);

struct v3_component_handler**
handler_face(Handler* handler);

/// A host's context that knows no interface and counts its references
typedef struct {
  const struct v3_funknown* table;
  atomic_int                n_refs;
} Context;

void
context_begin(Context* context);

struct v3_funknown**
context_face(Context* context);
