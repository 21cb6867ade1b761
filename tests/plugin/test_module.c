/* SPDX-License-Identifier: GPL-3.0-or-later

   The built module does what a host asks of it, where there is no Python: the
   input passes, late by the latency.  Takes the path of the module. */

#include "check.h"

#include "os.h"
#include "text16.h"
#include "vst3.h"
#include "vst3_entry.h"

#include <string.h>

#define TEXT_OF(name)       TEXT(name)
#define TEXT(name)          #name
#define FUNC(type, address) ((type)(uintptr_t)(address))

enum { RATE = 8000, SOUND_FRAMES = 2 * RATE, BLOCK = 700, N_CHANNELS = 2 };

typedef struct {
  struct v3_component**       component;
  struct v3_audio_processor** processor;
  struct v3_edit_controller** controller;
} Instance;

static Instance
make_instance(struct v3_plugin_factory** const factory)
{
  struct v3_class_info info;
  CHECK((*factory)->num_classes(factory) == 1);
  CHECK((*factory)->get_class_info(factory, 0, &info) == V3_OK);
  CHECK(!strcmp(info.name, "Requinto"));

  Instance instance = {0};
  CHECK((*factory)->create_instance(
          factory, info.class_id, v3_component_iid, (void**)&instance.component) ==
        V3_OK);
  struct v3_component** const c = instance.component;
  CHECK((*c)->initialize(c, NULL) == V3_OK);
  CHECK((*c)->query_interface(c, v3_audio_processor_iid, (void**)&instance.processor) ==
        V3_OK);
  CHECK((*c)->query_interface(
          c, v3_edit_controller_iid, (void**)&instance.controller) == V3_OK);
  return instance;
}

/// Write the value of a parameter as its user sees it
static void
read_param(const Instance* const instance, const char* const wanted, char text[128])
{
  struct v3_edit_controller** const c = instance->controller;
  for (int32_t i = 0; i < (*c)->get_parameter_count(c); ++i) {
    struct v3_param_info info;
    v3_str_128           value;
    char                 name[128];
    CHECK((*c)->get_parameter_info(c, i, &info) == V3_OK);
    text16_to(name, sizeof(name), info.title);
    if (!strcmp(name, wanted)) {
      const double normalised = (*c)->get_parameter_normalised(c, info.param_id);
      CHECK((*c)->get_parameter_string_for_value(c, info.param_id, normalised, value) ==
            V3_OK);
      text16_to(text, 128, value);
      return;
    }
  }
  CHECK(!"there is such a parameter");
}

static uint32_t
activate(const Instance* const instance)
{
  struct v3_audio_processor** const p     = instance->processor;
  v3_speaker_arrangement            speak = V3_SPEAKER_L | V3_SPEAKER_R;
  struct v3_process_setup           setup = {V3_OFFLINE, V3_SAMPLE_32, BLOCK, RATE};
  CHECK((*p)->set_bus_arrangements(p, &speak, 1, &speak, 1) == V3_TRUE);
  CHECK((*p)->setup_processing(p, &setup) == V3_OK);
  CHECK((*instance->component)->set_active(instance->component, 1) == V3_OK);
  CHECK((*p)->set_processing(p, 1) == V3_OK);
  return (*p)->get_latency_samples(p);
}

static void
deactivate(const Instance* const instance)
{
  struct v3_audio_processor** const p = instance->processor;
  CHECK((*p)->set_processing(p, 0) == V3_OK);
  CHECK((*instance->component)->set_active(instance->component, 0) == V3_OK);
}

/// Run sound through the plugin, in place
static void
process(const Instance* const instance,
        float* const          left,
        float* const          right,
        const uint32_t        n_frames)
{
  for (uint32_t start = 0; start < n_frames; start += BLOCK) {
    const uint32_t n = n_frames - start < BLOCK ? n_frames - start : BLOCK;
    float*         channels[N_CHANNELS] = {left + start, right + start};

    struct v3_audio_bus_buffers bus  = {.num_channels       = N_CHANNELS,
                                        .channel_buffers_32 = channels};
    struct v3_process_data      data = {.process_mode         = V3_OFFLINE,
                                        .symbolic_sample_size = V3_SAMPLE_32,
                                        .nframes              = (int32_t)n,
                                        .num_input_buses      = 1,
                                        .num_output_buses     = 1,
                                        .inputs               = &bus,
                                        .outputs              = &bus};
    CHECK((*instance->processor)->process(instance->processor, &data) == V3_OK);
  }
}

static void
test_passes_the_input(const Instance* const instance)
{
  const uint32_t latency = activate(instance);
  CHECK(latency > 0);
  const uint32_t n_frames = SOUND_FRAMES + latency;
  float* const   sent     = (float*)calloc(n_frames, sizeof(float));
  float* const   left     = (float*)calloc(n_frames, sizeof(float));
  float* const   right    = (float*)calloc(n_frames, sizeof(float));
  CHECK(sent && left && right);
  unsigned seed = 1;
  for (uint32_t i = 0; i < SOUND_FRAMES; ++i) {
    sent[i]  = (float)(draw(&seed) % 2001) / 1000.0F - 1.0F;
    left[i]  = sent[i];
    right[i] = -sent[i];
  }

  process(instance, left, right, n_frames);

  for (uint32_t i = 0; i < n_frames; ++i) {
    const float expected = i < latency ? 0.0F : sent[i - latency];
    CHECK(left[i] - expected < 1e-6F && expected - left[i] < 1e-6F);
    CHECK(right[i] + expected < 1e-6F && -expected - right[i] < 1e-6F);
  }
  deactivate(instance);
  free(sent);
  free(left);
  free(right);
}

static void
drop(const Instance* const instance)
{
  (*instance->controller)->unref(instance->controller);
  (*instance->processor)->unref(instance->processor);
  CHECK((*instance->component)->terminate(instance->component) == V3_OK);
  CHECK((*instance->component)->unref(instance->component) == 0);
}

int
main(const int argc, char** const argv)
{
  typedef bool (*EnterFunc)(void*); // what a system does not give is not looked at
  typedef bool (*LeaveFunc)(void);
  typedef struct v3_plugin_factory** (*FactoryFunc)(void);

  CHECK(argc == 2);
  void* const library = os_library_open(argv[1], false);
  CHECK(library);
  const EnterFunc enter =
    FUNC(EnterFunc, os_library_symbol(library, TEXT_OF(VST3_ENTER)));
  const LeaveFunc leave =
    FUNC(LeaveFunc, os_library_symbol(library, TEXT_OF(VST3_LEAVE)));
  const FactoryFunc get =
    FUNC(FactoryFunc, os_library_symbol(library, "GetPluginFactory"));
  CHECK(enter && leave && get && enter(library));

  const Instance instance = make_instance(get());
  char           text[128];
  read_param(&instance, "Target", text);
  CHECK(!strcmp(text, "guitar"));
  read_param(&instance, "Status", text);
  CHECK(!strcmp(text, "Idle"));
  for (int turn = 0; turn < 2; ++turn) {
    test_passes_the_input(&instance);
    read_param(&instance, "Status", text);
    CHECK(!strcmp(text, "No Python"));
  }
  drop(&instance);
  CHECK(leave());
  return 0;
}
