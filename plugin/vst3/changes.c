/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3/changes.h"

Vst3Changes
vst3_changes_begin(struct v3_param_changes** const changes, const bool skips_target)
{
  const int32_t n    = changes ? (*changes)->get_param_count(changes) : 0;
  Vst3Changes   walk = {.changes = changes, .skips_target = skips_target};
  walk.n_queues      = n < VST3_MAX_QUEUES ? n : VST3_MAX_QUEUES;
  return walk;
}

/// Take the points of a queue up to a frame, and return that of the next
static int32_t
take_points(struct v3_param_value_queue** const queue,
            int32_t* const                      taken,
            Instance* const                     instance,
            const int32_t                       frame,
            const int32_t                       end)
{
  const ParamIndex index = params_find((*queue)->get_param_id(queue));
  const int32_t    n     = index < N_PARAMS ? (*queue)->get_point_count(queue) : 0;
  for (; *taken < n; ++*taken) {
    int32_t offset     = 0;
    double  normalised = 0.0;
    if ((*queue)->get_point(queue, *taken, &offset, &normalised) != V3_OK) {
      continue;
    }
    if (offset > frame) {
      return offset < end ? offset : end;
    }
    const ParamInfo row = instance_param(instance, index);
    instance_set_value(instance, index, params_to_plain(&row, normalised));
  }
  return end;
}

int32_t
vst3_changes_take(Vst3Changes* const walk,
                  Instance* const    instance,
                  const int32_t      frame,
                  const int32_t      end)
{
  int32_t next = end;
  for (int32_t i = 0; i < walk->n_queues; ++i) {
    struct v3_param_value_queue** const queue =
      (*walk->changes)->get_param_data(walk->changes, i);
    if (!queue || (walk->skips_target &&
                   params_find((*queue)->get_param_id(queue)) == PARAM_TARGET)) {
      continue;
    }
    const int32_t of_queue = take_points(queue, &walk->taken[i], instance, frame, end);
    next                   = of_queue < next ? of_queue : next;
  }
  return next;
}
