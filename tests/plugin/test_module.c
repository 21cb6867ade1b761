/* SPDX-License-Identifier: GPL-3.0-or-later

   The built module does what a host needs, where there is no Python: the
   input passes, late by the latency.  Takes the path of the bundle. */

#include "check.h"

#include "core/utf16.h"
#include "os/os.h"
#include "vst3_instance.h"

#include <math.h>
#include <string.h>

enum { RATE = 8000, SOUND_FRAMES = 2 * RATE, BLOCK = 700, N_CHANNELS = 2 };

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
    utf16_to_utf8(name, sizeof(name), info.title);
    if (!strcmp(name, wanted)) {
      const double normalised = (*c)->get_parameter_normalised(c, info.param_id);
      CHECK((*c)->get_parameter_string_for_value(c, info.param_id, normalised, value) ==
            V3_OK);
      utf16_to_utf8(text, 128, value);
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
  CHECK((*p)->set_bus_arrangements(p, &speak, 1, &speak, 1) == V3_TRUE);
  CHECK(instance_start(instance, RATE, BLOCK, V3_OFFLINE));
  return (*p)->get_latency_samples(p);
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
  CHECK(instance_stop(instance));
  free(sent);
  free(left);
  free(right);
}

static void
process_elsewhere(void* const argument)
{
  static float left[BLOCK];
  static float right[BLOCK];
  for (int i = 0; i < BLOCK; ++i) {
    left[i] = right[i] = 0.5F;
  }
  for (int k = 0; k < 40; ++k) {
    process((const Instance*)argument, left, right, BLOCK);
  }
}

/// A host that processes in a thread of its own is notified on its main thread
static void
test_other_threads(void)
{
  Instance instance = instance_new();
  Handler  handler;
  char     text[128];
  handler_begin(&handler);
  struct v3_edit_controller** const c = instance.controller;
  CHECK(instance_set_handler(&instance, &handler) == V3_OK);
  (void)activate(&instance);
  OsThread* const thread = os_thread_start(process_elsewhere, &instance);
  CHECK(thread && os_thread_join(thread, 60000));
  CHECK(!atomic_load(&handler.n_restarts));

  // JUCE passes the value that was reported last
  v3_str_128 value;
  CHECK((*c)->get_parameter_string_for_value(c, 6, 0.0, value) == V3_OK);
  utf16_to_utf8(text, sizeof(text), value);
  CHECK(!strcmp(text, "No Python") && atomic_load(&handler.n_restarts) == 1);
  CHECK((*c)->get_parameter_string_for_value(c, 6, 0.0, value) == V3_OK);
  utf16_to_utf8(text, sizeof(text), value);
  CHECK(!strcmp(text, "Idle") && atomic_load(&handler.n_restarts) == 1);
  CHECK(instance_stop(&instance));
  CHECK(instance_set_handler(&instance, NULL) == V3_OK);
  CHECK(instance_free(&instance) == 0);
}

/// At a rate that was refused nothing plays, whatever the host makes of that
static void
test_refused_rates(void)
{
  static const double rates[]  = {7999.0, 384001.0};
  Instance            instance = instance_new();
  char                text[128];
  for (int i = 0; i < 2; ++i) {
    test_passes_the_input(&instance);
    CHECK(instance_setup(&instance, rates[i], BLOCK, V3_OFFLINE) != V3_OK);
    CHECK(instance_set_active(&instance, true) != V3_OK);
    float left[BLOCK]  = {0.5F};
    float right[BLOCK] = {0.5F};
    process(&instance, left, right, BLOCK);
    read_param(&instance, "Status", text);
    CHECK(!strcmp(text, "Idle") && fabsf(left[0]) < 1e-9F && fabsf(right[0]) < 1e-9F);
  }
  CHECK(instance_free(&instance) == 0);
}

int
main(const int argc, char** const argv)
{
  CHECK(argc == 2);
  module_load(argv[1]);
  CHECK((*module.factory)->num_classes(module.factory) == 1);
  CHECK(!strcmp(module.info.name, "Requinto"));

  Instance instance = instance_new();
  char     text[128];
  read_param(&instance, "Target", text);
  CHECK(!strcmp(text, "guitar"));
  read_param(&instance, "Status", text);
  CHECK(!strcmp(text, "Idle"));
  for (int turn = 0; turn < 2; ++turn) {
    test_passes_the_input(&instance);
    read_param(&instance, "Status", text);
    CHECK(!strcmp(text, "No Python"));
  }
  CHECK(instance_free(&instance) == 0);
  test_other_threads();
  test_refused_rates();
  CHECK(module.exit());
  return 0;
}
