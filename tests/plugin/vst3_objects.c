/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3_objects.h"

#include "check.h"
#include "os/os.h"

#include <string.h>

/* What all have in common */

static v3_result V3_API
no_interface(void* self, const v3_tuid iid, void** object)
{
  (void)self;
  (void)iid;
  *object = NULL;
  return V3_NO_INTERFACE;
}

/// For what lives as long as a call
static uint32_t V3_API
count_one(void* self)
{
  (void)self;
  return 1;
}

/* Streams */

static char*
memory_of(Stream* const stream)
{
  return stream->lent ? stream->lent : stream->bytes;
}

/// Return how many bytes a call may move, and 0 if it is to fail
static int64_t
grant(Stream* const stream, const int64_t wanted, const int64_t there)
{
  const StreamFaults* const faults = &stream->faults;
  const int64_t             max    = faults->max_bytes ? faults->max_bytes : wanted;

  ++stream->n_calls;
  if (faults->fail_after && stream->n_calls > faults->fail_after) {
    return 0;
  }
  const int64_t n = wanted < max ? wanted : max;
  return n < there ? n : there;
}

static bool
has_failed(const Stream* const stream)
{
  return stream->faults.fail_after && stream->n_calls > stream->faults.fail_after;
}

static v3_result V3_API
stream_read(void* self, void* buffer, int32_t n_bytes, int32_t* n_read)
{
  Stream* const stream = (Stream*)self;
  const int64_t n      = grant(stream, n_bytes, stream->n_bytes - stream->position);
  memcpy(buffer, memory_of(stream) + stream->position, (size_t)n);
  stream->position += n;
  if (n_read) {
    *n_read = (int32_t)n + (n ? stream->faults.lie : 0); // or it would never end
  }
  return has_failed(stream) || (!n && stream->faults.end_is_fail) ? V3_FALSE : V3_OK;
}

static v3_result V3_API
stream_write(void* self, void* buffer, int32_t n_bytes, int32_t* n_written)
{
  Stream* const stream = (Stream*)self;
  const int64_t n      = grant(stream, n_bytes, stream->room - stream->position);
  memcpy(memory_of(stream) + stream->position, buffer, (size_t)n);
  stream->position += n;
  if (stream->n_bytes < stream->position) {
    stream->n_bytes = stream->position;
  }
  if (n_written) {
    *n_written = (int32_t)n;
  }
  return has_failed(stream) ? V3_FALSE : V3_OK;
}

static v3_result V3_API
stream_seek(void* self, int64_t position, int32_t mode, int64_t* result)
{
  Stream* const stream = (Stream*)self;
  const int64_t base   = mode == V3_SEEK_SET   ? 0
                         : mode == V3_SEEK_CUR ? stream->position
                                               : stream->n_bytes;
  if (base + position < 0 || base + position > stream->room) {
    return V3_INVALID_ARG;
  }
  stream->position = base + position;
  if (result) {
    *result = stream->position;
  }
  return V3_OK;
}

static v3_result V3_API
stream_tell(void* self, int64_t* position)
{
  *position = ((Stream*)self)->position;
  return V3_OK;
}

static const struct v3_bstream stream_table = {.query_interface = no_interface,
                                               .ref             = count_one,
                                               .unref           = count_one,
                                               .read            = stream_read,
                                               .write           = stream_write,
                                               .seek            = stream_seek,
                                               .tell            = stream_tell};

void
stream_begin(Stream* const stream, const char* const bytes, const size_t n_bytes)
{
  CHECK(n_bytes <= STREAM_ROOM);
  memset(stream, 0, sizeof(*stream));
  stream->table   = &stream_table;
  stream->room    = STREAM_ROOM;
  stream->n_bytes = (int64_t)n_bytes;
  if (n_bytes) {
    memcpy(stream->bytes, bytes, n_bytes);
  }
}

void
stream_begin_in(Stream* const stream,
                char* const   memory,
                const size_t  room,
                const size_t  n_bytes)
{
  stream_begin(stream, NULL, 0);
  stream->lent    = memory;
  stream->room    = (int64_t)room;
  stream->n_bytes = (int64_t)n_bytes;
}

struct v3_bstream**
stream_face(Stream* const stream)
{
  return (struct v3_bstream**)(void*)stream;
}

/* Parameter changes */

static v3_param_id V3_API
get_param_id(void* self)
{
  return ((Queue*)self)->id;
}

static int32_t V3_API
get_point_count(void* self)
{
  const Queue* const queue = (const Queue*)self;
  return queue->n_points > queue->n_claimed ? queue->n_points : queue->n_claimed;
}

static v3_result V3_API
get_point(void* self, int32_t index, int32_t* offset, double* value)
{
  const Queue* const queue = (const Queue*)self;
  if (index < 0 || index >= queue->n_points) {
    return V3_INVALID_ARG;
  }
  *offset = queue->offsets[index];
  *value  = queue->values[index];
  return V3_OK;
}

static v3_result V3_API
add_point(void* self, int32_t offset, double value, int32_t* index)
{
  Queue* const queue = (Queue*)self;
  *index             = queue->n_points;
  CHECK(!*index || queue->offsets[*index - 1] <= offset);
  queue_add(queue, offset, value);
  return V3_OK;
}

static const struct v3_param_value_queue queue_table = {.query_interface = no_interface,
                                                        .ref             = count_one,
                                                        .unref           = count_one,
                                                        .get_param_id    = get_param_id,
                                                        .get_point_count =
                                                          get_point_count,
                                                        .get_point = get_point,
                                                        .add_point = add_point};

static int32_t V3_API
get_param_count(void* self)
{
  return ((Changes*)self)->n_queues;
}

static struct v3_param_value_queue** V3_API
get_param_data(void* self, int32_t index)
{
  Changes* const changes = (Changes*)self;
  const bool     there = index >= 0 && index < changes->n_queues && !changes->has_holes;
  return there ? (struct v3_param_value_queue**)(void*)&changes->queues[index] : NULL;
}

static struct v3_param_value_queue** V3_API
add_param_data(void* self, v3_param_id* id, int32_t* index)
{
  Changes* const changes = (Changes*)self;
  if (changes->refuses) {
    return NULL;
  }
  Queue* const queue = changes_find(changes, *id);
  *index             = (int32_t)(queue - changes->queues);
  return (struct v3_param_value_queue**)(void*)queue;
}

/* Newer headers make `id` const: accept either */
typedef __typeof__(((struct v3_param_changes*)NULL)->add_param_data) AddParamData;

static const struct v3_param_changes changes_table = {
  .query_interface = no_interface,
  .ref             = count_one,
  .unref           = count_one,
  .get_param_count = get_param_count,
  .get_param_data  = get_param_data,
  .add_param_data  = (AddParamData)add_param_data};

Changes*
changes_new(void)
{
  Changes* const changes = (Changes*)malloc(sizeof(Changes));
  CHECK(changes);
  memset(changes, 0xFF, sizeof(Changes)); // so that each page is there
  changes->table = &changes_table;
  changes_clear(changes);
  return changes;
}

void
changes_clear(Changes* const changes)
{
  changes->n_queues  = 0;
  changes->refuses   = false;
  changes->has_holes = false;
}

Queue*
changes_add(Changes* const changes, const v3_param_id id)
{
  CHECK(changes->n_queues < MAX_QUEUES);
  Queue* const queue = &changes->queues[changes->n_queues++];
  queue->table       = &queue_table;
  queue->id          = id;
  queue->n_points    = 0;
  queue->n_claimed   = 0;
  return queue;
}

Queue*
changes_find(Changes* const changes, const v3_param_id id)
{
  for (int32_t i = 0; i < changes->n_queues; ++i) {
    if (changes->queues[i].id == id) {
      return &changes->queues[i];
    }
  }
  return changes_add(changes, id);
}

void
changes_set(Changes* const changes, const v3_param_id id, const double normalised)
{
  queue_add(changes_add(changes, id), 0, normalised);
}

void
queue_add(Queue* const queue, const int32_t offset, const double normalised)
{
  CHECK(queue->n_points < MAX_POINTS);
  queue->offsets[queue->n_points]  = offset;
  queue->values[queue->n_points++] = normalised;
}

struct v3_param_changes**
changes_face(Changes* const changes)
{
  return (struct v3_param_changes**)(void*)changes;
}

/* The handler */

static void
note_thread(Handler* const handler)
{
  const uintptr_t forbidden = atomic_load(&handler->audio_thread);
  if (forbidden && forbidden == os_this_thread()) {
    atomic_fetch_add(&handler->n_from_audio, 1);
  }
}

static uint32_t V3_API
handler_ref(void* self)
{
  return (uint32_t)atomic_fetch_add(&((Handler*)self)->n_refs, 1) + 1;
}

static uint32_t V3_API
handler_unref(void* self)
{
  return (uint32_t)atomic_fetch_sub(&((Handler*)self)->n_refs, 1) - 1;
}

static v3_result V3_API
note_edit(void* self, v3_param_id id)
{
  (void)id;
  Handler* const handler = (Handler*)self;
  note_thread(handler);
  atomic_fetch_add(&handler->n_edits, 1);
  return V3_OK;
}

static v3_result V3_API
perform_edit(void* self, v3_param_id id, double normalised)
{
  (void)normalised;
  return note_edit(self, id);
}

static v3_result V3_API
restart_component(void* self, int32_t flags)
{
  Handler* const handler = (Handler*)self;
  note_thread(handler);
  atomic_fetch_or(&handler->restart_flags, flags);
  atomic_fetch_or(&handler->pending_flags, flags);
  atomic_fetch_add(&handler->n_restarts, 1);
  return V3_OK;
}

static const struct v3_component_handler handler_table = {
  .query_interface   = no_interface,
  .ref               = handler_ref,
  .unref             = handler_unref,
  .begin_edit        = note_edit,
  .perform_edit      = perform_edit,
  .end_edit          = note_edit,
  .restart_component = restart_component};

void
handler_begin(Handler* const handler)
{
  memset(handler, 0, sizeof(*handler));
  handler->table = &handler_table;
  atomic_init(&handler->n_refs, 1);
}

struct v3_component_handler**
handler_face(Handler* const handler)
{
  return (struct v3_component_handler**)(void*)handler;
}

/* The context */

static uint32_t V3_API
context_ref(void* self)
{
  return (uint32_t)atomic_fetch_add(&((Context*)self)->n_refs, 1) + 1;
}

static uint32_t V3_API
context_unref(void* self)
{
  return (uint32_t)atomic_fetch_sub(&((Context*)self)->n_refs, 1) - 1;
}

static const struct v3_funknown context_table = {.query_interface = no_interface,
                                                 .ref             = context_ref,
                                                 .unref           = context_unref};

void
context_begin(Context* const context)
{
  context->table = &context_table;
  atomic_init(&context->n_refs, 1);
}

struct v3_funknown**
context_face(Context* const context)
{
  return (struct v3_funknown**)(void*)context;
}
