/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_handler.h"

static v3_result V3_API
query(void* self, const v3_tuid iid, void** object)
{
  const bool known =
    v3_tuid_match(iid, v3_component_handler_iid) || v3_tuid_match(iid, v3_funknown_iid);
  *object = known ? self : NULL;
  return known ? V3_OK : V3_NO_INTERFACE;
}

static uint32_t V3_API
count_one(void* self)
{
  (void)self;
  return 1;
}

static v3_result V3_API
begin_edit(void* self, v3_param_id id)
{
  (void)id;
  atomic_fetch_add(&((Handler*)self)->n_edits, 1);
  return V3_OK;
}

static v3_result V3_API
perform_edit(void* self, v3_param_id id, double value)
{
  (void)self;
  (void)id;
  (void)value;
  return V3_OK;
}

static v3_result V3_API
end_edit(void* self, v3_param_id id)
{
  (void)self;
  (void)id;
  return V3_OK;
}

static v3_result V3_API
restart_component(void* self, int32_t flags)
{
  Handler* const handler = (Handler*)self;
  atomic_fetch_add(&handler->n_restarts, 1);
  atomic_fetch_or(&handler->flags, flags);
  atomic_fetch_or(&handler->pending, flags);
  return V3_OK;
}

static const struct v3_component_handler table = {.query_interface = query,
                                                  .ref             = count_one,
                                                  .unref           = count_one,
                                                  .begin_edit      = begin_edit,
                                                  .perform_edit    = perform_edit,
                                                  .end_edit        = end_edit,
                                                  .restart_component =
                                                    restart_component};

Handler*
handler_get(void)
{
  static Handler handler = {.table = &table};
  return &handler;
}
