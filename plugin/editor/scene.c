/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/scene.h"

const ParamInfo*
scene_param(const Scene* const scene, const ParamIndex param)
{
  return param == PARAM_TARGET ? &scene->target : params_info(param);
}

const char*
scene_target_name(const Scene* const scene)
{
  const uint32_t index = (uint32_t)scene->values[PARAM_TARGET];
  return index < scene->target.n_labels ? params_label(scene->target.labels, index)
                                        : "";
}
