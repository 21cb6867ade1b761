/* SPDX-License-Identifier: GPL-3.0-or-later

   What an LV2 host offers. */

#pragma once

#include "ardour.h"

#include <lv2/lv2.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/// Return what the host gives under a URI, or NULL
static inline const void*
lv2_find_feature(const LV2_Feature* const* const features, const char* const uri)
{
  for (size_t i = 0; features && features[i]; ++i) {
    if (!strcmp(features[i]->URI, uri)) {
      return features[i]->data;
    }
  }
  return NULL;
}

/// Return whether the host is Ardour
static inline bool
lv2_is_ardour(const LV2_Feature* const* const features)
{
  for (size_t i = 0; features && features[i]; ++i) {
    if (ardour_has_feature(features[i]->URI)) {
      return true;
    }
  }
  return false;
}
