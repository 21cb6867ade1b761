/* SPDX-License-Identifier: GPL-3.0-or-later

   Translate blocks of sound, and what changes with them. */

#include "os.h"
#include "python.h"
#include "vst3_plugin.h"

#include <string.h>

enum { WAIT_LIMIT_MS = 60000, MAX_CHANNELS = 2 };

VST3_DEFINE_UNKNOWN(processor)
VST3_DEFINE_UNKNOWN(requirements)

/* Setting up */

static v3_speaker_arrangement
speakers(const uint32_t n_channels)
{
  return n_channels == 1 ? V3_SPEAKER_M : V3_SPEAKER_L | V3_SPEAKER_R;
}

static v3_result V3_API
set_bus_arrangements(void* const                   self,
                     v3_speaker_arrangement* const inputs,
                     const int32_t                 n_inputs,
                     v3_speaker_arrangement* const outputs,
                     const int32_t                 n_outputs)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, processor);
  if (n_inputs != 1 || n_outputs != 1 || inputs[0] != outputs[0] || plugin->engine) {
    return V3_FALSE;
  }
  for (uint32_t n = 1; n <= MAX_CHANNELS; ++n) {
    if (inputs[0] == speakers(n)) {
      plugin->n_channels = n;
      return V3_TRUE;
    }
  }
  return V3_FALSE;
}

static v3_result V3_API
get_bus_arrangement(void* const                   self,
                    const int32_t                 direction,
                    const int32_t                 index,
                    v3_speaker_arrangement* const arrangement)
{
  if (index != 0 || (direction != V3_INPUT && direction != V3_OUTPUT)) {
    return V3_INVALID_ARG;
  }
  *arrangement = speakers(VST3_PLUGIN_OF(self, processor)->n_channels);
  return V3_OK;
}

static v3_result V3_API
can_process_sample_size(void* const self, const int32_t size)
{
  (void)self;
  return size == V3_SAMPLE_32 ? V3_TRUE : V3_FALSE;
}

static uint32_t V3_API
get_latency_samples(void* const self)
{
  return engine_latency(VST3_PLUGIN_OF(self, processor)->sample_rate);
}

static v3_result V3_API
setup_processing(void* const self, struct v3_process_setup* const setup)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, processor);
  if (plugin->engine || setup->symbolic_sample_size != V3_SAMPLE_32 ||
      !(setup->sample_rate >= ENGINE_MIN_RATE &&
        setup->sample_rate <= ENGINE_MAX_RATE)) {
    return V3_FALSE;
  }
  plugin->sample_rate = setup->sample_rate;
  return V3_OK;
}

static v3_result V3_API
set_processing(void* const self, const v3_bool state)
{
  (void)self;
  (void)state;
  return V3_OK;
}

static uint32_t V3_API
get_tail_samples(void* const self)
{
  (void)self;
  return 0;
}

/* Processing */

/// Take the last value that a block brings for each parameter
static void
take_changes(Vst3Plugin* const plugin, struct v3_param_changes** const changes)
{
  const int32_t n = changes ? (*changes)->get_param_count(changes) : 0;
  for (int32_t i = 0; i < n; ++i) {
    struct v3_param_value_queue** const queue = (*changes)->get_param_data(changes, i);
    const int32_t n_points = queue ? (*queue)->get_point_count(queue) : 0;
    if (n_points < 1) {
      continue;
    }
    int32_t          offset     = 0;
    double           normalised = 0.0;
    const ParamIndex index      = params_find((*queue)->get_param_id(queue));
    if (index < N_PARAMS && !params_info(index)->read_only &&
        (*queue)->get_point(queue, n_points - 1, &offset, &normalised) == V3_OK) {
      atomic_store(&plugin->values[index],
                   params_to_plain(params_info(index), normalised));
    }
  }
}

/// Hand the settings to the engine
static void
apply_settings(Vst3Plugin* const plugin)
{
  const _Atomic double* const values   = plugin->values;
  const StreamSettings        settings = {
           (uint32_t)atomic_load(&values[PARAM_TARGET]),
           (uint32_t)atomic_load(&values[PARAM_QUALITY]),
           (uint32_t)atomic_load(&values[PARAM_BEAT_SOURCE]),
           atomic_load(&values[PARAM_TEMPO]),
  };
  engine_set_stream(plugin->engine, &settings);
  engine_set_mix(plugin->engine,
                 atomic_load(&values[PARAM_AMOUNT]) / 100.0,
                 (OutputChoice)atomic_load(&values[PARAM_OUTPUT]));
}

/// Tell the host the status if it has changed
static void
tell_status(Vst3Plugin* const plugin, const struct v3_process_data* const data)
{
  struct v3_param_changes** const changes = data->output_params;
  const Status                    status  = engine_status(plugin->engine);
  if (status == plugin->told) {
    return;
  }
  const ParamInfo* const info = params_info(PARAM_STATUS);
  atomic_store(&plugin->values[PARAM_STATUS], (double)status);
  if (changes) {
    v3_param_id                         id    = info->id;
    int32_t                             index = 0;
    struct v3_param_value_queue** const queue =
      (*changes)->add_param_data(changes, &id, &index);
    if (queue) {
      (*queue)->add_point(queue, 0, params_to_normalised(info, status), &index);
    }
  }
  plugin->told = status;

  // Some hosts (those on an older JUCE) leave what a processor reports unread
  if (data->process_mode == V3_OFFLINE && os_this_thread() == plugin->main_thread) {
    vst3_plugin_tell_values(plugin);
  }
}

static void
clear_outputs(const struct v3_process_data* const data)
{
  for (int32_t b = 0; b < data->num_output_buses; ++b) {
    struct v3_audio_bus_buffers* const bus = &data->outputs[b];
    for (int32_t c = 0; bus->channel_buffers_32 && c < bus->num_channels; ++c) {
      if (bus->channel_buffers_32[c]) {
        memset(bus->channel_buffers_32[c], 0, (size_t)data->nframes * sizeof(float));
      }
    }
  }
}

/// Return whether the host gave as many channels as were agreed upon
static bool
has_channels(const struct v3_audio_bus_buffers* const bus,
             const int32_t                            n_buses,
             const uint32_t                           n_channels)
{
  bool has = n_buses > 0 && bus && bus[0].channel_buffers_32 &&
             bus[0].num_channels >= (int32_t)n_channels;
  for (uint32_t c = 0; has && c < n_channels; ++c) {
    has = bus[0].channel_buffers_32[c];
  }
  return has;
}

/// Exchange `n` frames of the block from frame `start` on
static void
run_slice(Vst3Plugin* const                   plugin,
          const struct v3_process_data* const data,
          const uint32_t                      start,
          const uint32_t                      n)
{
  const float* input[MAX_CHANNELS];
  float*       output[MAX_CHANNELS];
  for (uint32_t c = 0; c < plugin->n_channels; ++c) {
    input[c]  = data->inputs[0].channel_buffers_32[c] + start;
    output[c] = data->outputs[0].channel_buffers_32[c] + start;
  }

  // A guest's host may be in here with the lock that the worker waits for
  if (data->process_mode == V3_OFFLINE && !(plugin->is_guest && python_holds_lock())) {
    (void)engine_wait(plugin->engine, n, WAIT_LIMIT_MS);
  }
  const Block block = {input, output, n};
  (void)engine_run(plugin->engine, &block);
}

static v3_result V3_API
process(void* const self, struct v3_process_data* const data)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, processor);
  take_changes(plugin, data->input_params);
  if (data->nframes < 1) {
    return V3_OK;
  }
  if (!plugin->engine || data->symbolic_sample_size != V3_SAMPLE_32 ||
      !has_channels(data->inputs, data->num_input_buses, plugin->n_channels) ||
      !has_channels(data->outputs, data->num_output_buses, plugin->n_channels)) {
    clear_outputs(data);
    return V3_OK;
  }

  apply_settings(plugin);
  const uint32_t n_frames = (uint32_t)data->nframes;
  const uint32_t most     = engine_max_frames(plugin->engine);
  for (uint32_t start = 0; start < n_frames; start += most) {
    const uint32_t n_left = n_frames - start;
    run_slice(plugin, data, start, n_left < most ? n_left : most);
  }
  data->outputs[0].channel_silence_bitset = 0;
  tell_status(plugin, data);
  return V3_OK;
}

const struct v3_audio_processor vst3_processor = {
  .query_interface         = processor_query,
  .ref                     = processor_ref,
  .unref                   = processor_unref,
  .set_bus_arrangements    = set_bus_arrangements,
  .get_bus_arrangement     = get_bus_arrangement,
  .can_process_sample_size = can_process_sample_size,
  .get_latency_samples     = get_latency_samples,
  .setup_processing        = setup_processing,
  .set_processing          = set_processing,
  .process                 = process,
  .get_tail_samples        = get_tail_samples,
};

/* Requirements */

static uint32_t V3_API
get_process_context_requirements(void* const self)
{
  // Beats come from the sound or from a tempo of our own
  (void)self;
  return 0;
}

const struct v3_process_context_requirements vst3_requirements = {
  .query_interface                  = requirements_query,
  .ref                              = requirements_ref,
  .unref                            = requirements_unref,
  .get_process_context_requirements = get_process_context_requirements,
};
