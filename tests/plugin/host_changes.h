/* SPDX-License-Identifier: GPL-3.0-or-later

   Parameter changes within a block, as a host gives them and takes them. */

#ifndef REQUINTO_HOST_CHANGES_H
#define REQUINTO_HOST_CHANGES_H

#include "vst3.h"

enum { CHANGES_MAX_PARAMS = 64, CHANGES_MAX_POINTS = 256 };

typedef struct {
  int32_t offset; ///< Frame in the block
  double  value;  ///< 0 to 1
} Point;

/// The points of one parameter
typedef struct {
  const struct v3_param_value_queue* table;
  v3_param_id                        id;
  int32_t                            n;
  Point                              points[CHANGES_MAX_POINTS];
} Queue;

/// The parameters that change; its address is what VST3 wants
typedef struct {
  const struct v3_param_changes* table;
  int32_t                        n;
  Queue                          queues[CHANGES_MAX_PARAMS];
} Changes;

/// Return room for changes, there in memory, and without any; the caller frees it
Changes*
changes_new(void);

void
changes_clear(Changes* changes);

/// Add a point, after those that the parameter has
void
changes_add(Changes* changes, v3_param_id id, int32_t offset, double value);

#endif
