/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_changes.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static v3_result V3_API
no_interface(void* self, const v3_tuid iid, void** object)
{
  (void)self;
  (void)iid;
  *object = NULL;
  return V3_NO_INTERFACE;
}

static uint32_t V3_API
count_one(void* self)
{
  (void)self;
  return 1;
}

static v3_param_id V3_API
get_param_id(void* self)
{
  return ((Queue*)self)->id;
}

static int32_t V3_API
get_point_count(void* self)
{
  return ((Queue*)self)->n;
}

static v3_result V3_API
get_point(void* self, int32_t index, int32_t* offset, double* value)
{
  const Queue* const queue = (const Queue*)self;
  if (index < 0 || index >= queue->n) {
    return V3_INVALID_ARG;
  }
  *offset = queue->points[index].offset;
  *value  = queue->points[index].value;
  return V3_OK;
}

static v3_result V3_API
add_point(void* self, int32_t offset, double value, int32_t* index)
{
  Queue* const queue = (Queue*)self;
  CHECK(queue->n < CHANGES_MAX_POINTS);
  CHECK(!queue->n || queue->points[queue->n - 1].offset <= offset);
  queue->points[queue->n] = (Point){offset, value};
  *index                  = queue->n++;
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
  return ((Changes*)self)->n;
}

static struct v3_param_value_queue** V3_API
get_param_data(void* self, int32_t index)
{
  return (struct v3_param_value_queue**)(void*)&((Changes*)self)->queues[index];
}

static struct v3_param_value_queue** V3_API
add_param_data(void* self, v3_param_id* id, int32_t* index)
{
  Changes* const changes = (Changes*)self;
  int32_t        i       = 0;
  while (i < changes->n && changes->queues[i].id != *id) {
    ++i;
  }
  if (i == changes->n) {
    CHECK(changes->n < CHANGES_MAX_PARAMS);
    changes->queues[i].table = &queue_table;
    changes->queues[i].id    = *id;
    changes->queues[i].n     = 0;
    ++changes->n;
  }
  *index = i;
  return get_param_data(self, i);
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
  changes->n     = 0;
  return changes;
}

void
changes_clear(Changes* const changes)
{
  changes->n = 0;
}

void
changes_add(Changes* const    changes,
            const v3_param_id id,
            const int32_t     offset,
            const double      value)
{
  v3_param_id                         own_id = id;
  int32_t                             index  = 0;
  struct v3_param_value_queue** const queue  = add_param_data(changes, &own_id, &index);
  CHECK(add_point(queue, offset, value, &index) == V3_OK);
}
