/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_vst3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/utf16.h"

/* Life */

Instance
instance_load(const char* const bundle)
{
  module_load(bundle);
  CHECK((*module.factory)->num_classes(module.factory) == 1);
  printf("class=%s\n", module.info.name);
  return instance_new();
}

int32_t
instance_inputs(const Instance* const instance)
{
  return (*instance->component)->get_bus_count(instance->component, V3_AUDIO, V3_INPUT);
}

int
instance_sidechain_channels(const Instance* const instance)
{
  struct v3_bus_info info;
  if (instance_inputs(instance) < 2 ||
      (*instance->component)
          ->get_bus_info(instance->component, V3_AUDIO, V3_INPUT, 1, &info) != V3_OK) {
    fprintf(stderr, "the plugin has no sidechain input\n");
    exit(2);
  }
  return info.channel_count;
}

void
instance_activate(const Instance* const instance, const Options* const options)
{
  struct v3_component** const       c = instance->component;
  struct v3_audio_processor** const p = instance->processor;
  v3_speaker_arrangement            speak =
    options->n_channels == 1 ? V3_SPEAKER_M : V3_SPEAKER_L | V3_SPEAKER_R;
  v3_speaker_arrangement inputs[2] = {speak, speak};
  const int32_t          n_inputs  = instance_inputs(instance);
  const int32_t          mode      = options->realtime ? V3_REALTIME : V3_OFFLINE;
  CHECK(n_inputs == 1 || n_inputs == 2);
  CHECK((*p)->set_bus_arrangements(p, inputs, n_inputs, &speak, 1) == V3_TRUE);
  if (options->sidechain_path) {
    (void)instance_sidechain_channels(instance);
    CHECK((*c)->activate_bus(c, V3_AUDIO, V3_INPUT, 1, 1) == V3_OK);
  }
  CHECK(instance_start(instance, options->rate, HOST_MAX_BLOCK, mode));
}

void
instance_leave(Instance* const instance)
{
  CHECK(instance_set_handler(instance, NULL) == V3_OK);
  printf("references_left=%u\n", instance_free(instance));
}

/* Parameters */

v3_param_id
instance_find(const Instance* const instance,
              const char* const     setting,
              double* const         value)
{
  struct v3_edit_controller** const c      = instance->controller;
  const char* const                 equals = strchr(setting, '=');
  for (int32_t i = 0; equals && i < (*c)->get_parameter_count(c); ++i) {
    struct v3_param_info info;
    char                 name[VST3_TEXT_SIZE];
    v3_str_128           text;
    CHECK((*c)->get_parameter_info(c, i, &info) == V3_OK);
    utf16_to_utf8(name, sizeof(name), info.title);
    utf16_from_utf8(text, VST3_TEXT_SIZE, equals + 1);
    if (strlen(name) == (size_t)(equals - setting) &&
        !strncmp(name, setting, strlen(name))) {
      if ((*c)->get_parameter_value_for_string(c, info.param_id, text, value) !=
          V3_OK) {
        fprintf(stderr, "no value for %s\n", setting);
        exit(2);
      }
      return info.param_id;
    }
  }
  fprintf(stderr, "no parameter for %s\n", setting);
  exit(2);
}

void
instance_text(const Instance* const instance,
              const v3_param_id     id,
              const double          value,
              char                  name[VST3_TEXT_SIZE],
              char                  text[VST3_TEXT_SIZE])
{
  struct v3_edit_controller** const c = instance->controller;
  for (int32_t i = 0; i < (*c)->get_parameter_count(c); ++i) {
    struct v3_param_info info;
    v3_str_128           called;
    CHECK((*c)->get_parameter_info(c, i, &info) == V3_OK);
    if (info.param_id == id) {
      CHECK((*c)->get_parameter_string_for_value(c, id, value, called) == V3_OK);
      utf16_to_utf8(name, VST3_TEXT_SIZE, info.title);
      utf16_to_utf8(text, VST3_TEXT_SIZE, called);
      return;
    }
  }
  fprintf(stderr, "no parameter %u\n", id);
  exit(2);
}

void
instance_print(const Instance* const instance, const char* const prefix)
{
  struct v3_edit_controller** const c = instance->controller;
  for (int32_t i = 0; i < (*c)->get_parameter_count(c); ++i) {
    struct v3_param_info info;
    char                 name[VST3_TEXT_SIZE];
    char                 text[VST3_TEXT_SIZE];
    CHECK((*c)->get_parameter_info(c, i, &info) == V3_OK);
    const double value = (*c)->get_parameter_normalised(c, info.param_id);
    instance_text(instance, info.param_id, value, name, text);
    printf("%s.%s=%s\n", prefix, name, text);
  }
}
