/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3/processor.h"

#include "ardour.h"
#include "vst3/changes.h"
#include "vst3/plugin.h"

#include <math.h>
#include <string.h>

VST3_DEFINE_UNKNOWN(processor)
VST3_DEFINE_UNKNOWN(requirements)

/* Setting up */

static v3_speaker_arrangement
speakers(const uint32_t n_channels)
{
  return n_channels == 0   ? 0
         : n_channels == 1 ? V3_SPEAKER_M
                           : V3_SPEAKER_L | V3_SPEAKER_R;
}

/// Return how many channels an arrangement has, or `BLOCK_MAX_CHANNELS + 1` if not ours
static uint32_t
channels_of(const v3_speaker_arrangement arrangement)
{
  uint32_t n = 0;
  while (n <= BLOCK_MAX_CHANNELS && arrangement != speakers(n)) {
    ++n;
  }
  return n;
}

static v3_result V3_API
set_bus_arrangements(void* const                   self,
                     v3_speaker_arrangement* const inputs,
                     const int32_t                 n_inputs,
                     v3_speaker_arrangement* const outputs,
                     const int32_t                 n_outputs)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, processor);
  if (n_inputs < 1 || n_inputs > 2 || n_outputs != 1 || inputs[0] != outputs[0] ||
      instance_is_active(plugin->instance)) {
    return V3_FALSE;
  }
  const uint32_t n_channels  = channels_of(inputs[0]);
  const uint32_t n_sidechain = n_inputs > 1 ? channels_of(inputs[1]) : n_channels;
  if (n_channels < 1 || n_channels > BLOCK_MAX_CHANNELS ||
      n_sidechain > BLOCK_MAX_CHANNELS) {
    return V3_FALSE;
  }
  plugin->n_channels  = n_channels;
  plugin->n_sidechain = n_sidechain;
  return V3_TRUE;
}

static v3_result V3_API
get_bus_arrangement(void* const                   self,
                    const int32_t                 direction,
                    const int32_t                 index,
                    v3_speaker_arrangement* const arrangement)
{
  const Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, processor);
  if ((direction != V3_INPUT && direction != V3_OUTPUT) || index < 0 ||
      index > (direction == V3_INPUT)) {
    return V3_INVALID_ARG;
  }
  *arrangement = speakers(index ? plugin->n_sidechain : plugin->n_channels);
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
  Vst3Plugin* const plugin  = VST3_PLUGIN_OF(self, processor);
  const uint32_t    latency = instance_latency(plugin->instance, plugin->sample_rate);
  atomic_store(&plugin->known_latency, latency);
  return latency;
}

static v3_result V3_API
setup_processing(void* const self, struct v3_process_setup* const setup)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, processor);
  if (instance_is_active(plugin->instance) ||
      setup->symbolic_sample_size != V3_SAMPLE_32) {
    return V3_FALSE;
  }
  plugin->is_refused = !instance_takes_rate(setup->sample_rate);
  if (plugin->is_refused) {
    return V3_FALSE;
  }
  plugin->sample_rate = setup->sample_rate;
  plugin->max_frames  = (uint32_t)setup->max_block_size;
  return V3_OK;
}

static v3_result V3_API
set_processing(void* const self, const v3_bool state)
{
  if (state) {
    instance_restart(VST3_PLUGIN_OF(self, processor)->instance);
  }
  return V3_OK;
}

static uint32_t V3_API
get_tail_samples(void* const self)
{
  (void)self;
  return 0;
}

/* What changes */

/// Notify the host of what the plugin itself has changed
static void
notify_reports(Vst3Plugin* const plugin, const struct v3_process_data* const data)
{
  struct v3_param_changes** const changes = data->output_params;
  Report                          report;
  bool                            has_reports = false;
  while (instance_report(plugin->instance, &report)) {
    const ParamInfo* const              info  = params_info(report.index);
    v3_param_id                         id    = info->id;
    int32_t                             index = 0;
    struct v3_param_value_queue** const queue =
      changes ? (*changes)->add_param_data(changes, &id, &index) : NULL;
    if (queue) {
      (*queue)->add_point(queue, 0, params_to_normalised(info, report.plain), &index);
    }
    has_reports = true;
  }

  // Some hosts (those on an older JUCE) leave what a processor reports unread
  if (has_reports && data->process_mode == V3_OFFLINE) {
    vst3_plugin_note_values(plugin);
  }
}

/* Where the host is */

static Transport
transport_of(const Vst3Plugin* const                plugin,
             const struct v3_process_context* const context,
             const int32_t                          start)
{
  const uint32_t has       = context->state;
  const bool     has_tempo = has & V3_PROCESS_CTX_TEMPO_VALID;
  const bool     has_time  = has & V3_PROCESS_CTX_PROJECT_TIME_VALID;
  const bool     has_bar   = has & V3_PROCESS_CTX_BAR_POSITION_VALID;
  const bool     has_meter = (has & V3_PROCESS_CTX_TIME_SIG_VALID) &&
                         context->time_sig_numerator > 0 && context->time_sig_denom > 0;
  const uint32_t  latency   = instance_latency(plugin->instance, plugin->sample_rate);
  const double    minutes   = start / (60.0 * plugin->sample_rate);
  const Transport transport = {
    .is_playing = has & V3_PROCESS_CTX_PLAYING,
    .is_looping =
      (has & V3_PROCESS_CTX_CYCLE_ACTIVE) && (has & V3_PROCESS_CTX_CYCLE_VALID),
    .quarter       = has_time && has_tempo
                       ? ardour_exact_quarter(context->project_time_quarters,
                                        context->project_time_in_samples,
                                        context->bpm,
                                        plugin->sample_rate) +
                     minutes * context->bpm
                       : NAN,
    .bar_quarter   = has_bar ? context->bar_position_quarters : NAN,
    .tempo_bpm     = has_tempo ? context->bpm : NAN,
    .loop_start    = context->cycle_start_quarters,
    .loop_end      = context->cycle_end_quarters,
    .beats_per_bar = has_meter ? (uint32_t)context->time_sig_numerator : 0,
    .beat_unit     = has_meter ? (uint32_t)context->time_sig_denom : 0,
    .n_ahead       = ardour_frames_ahead(&plugin->ardour, latency)};
  return transport;
}

/* Processing */

static void
clear_outputs(const struct v3_process_data* const data)
{
  const size_t size =
    data->symbolic_sample_size == V3_SAMPLE_32 ? sizeof(float) : sizeof(double);
  for (int32_t b = 0; data->outputs && b < data->num_output_buses; ++b) {
    struct v3_audio_bus_buffers* const bus = &data->outputs[b];
    for (int32_t c = 0; bus->channel_buffers_32 && c < bus->num_channels; ++c) {
      if (bus->channel_buffers_32[c]) {
        memset(bus->channel_buffers_32[c], 0, (size_t)data->nframes * size);
      }
    }
  }
}

/// Return whether the host gave as many channels as were agreed upon
static bool
has_channels(const struct v3_audio_bus_buffers* const buses,
             const int32_t                            n_buses,
             const int32_t                            index,
             const uint32_t                           n_channels)
{
  bool has = buses && n_buses > index && buses[index].channel_buffers_32 &&
             buses[index].num_channels >= (int32_t)n_channels;
  for (uint32_t c = 0; has && c < n_channels; ++c) {
    has = buses[index].channel_buffers_32[c];
  }
  return has;
}

/// Return the whole block that the host gives
static Block
block_of(const Vst3Plugin* const plugin, const struct v3_process_data* const data)
{
  Block      block = {.n_frames = (uint32_t)data->nframes};
  const bool has_sidechain =
    has_channels(data->inputs, data->num_input_buses, 1, plugin->n_sidechain);
  for (uint32_t c = 0; c < plugin->n_channels; ++c) {
    block.input[c]  = data->inputs[0].channel_buffers_32[c];
    block.output[c] = data->outputs[0].channel_buffers_32[c];
  }
  for (uint32_t c = 0; has_sidechain && c < plugin->n_sidechain; ++c) {
    block.sidechain[c] = data->inputs[1].channel_buffers_32[c];
  }
  return block;
}

/// Process a part of a block, of which nothing changes, from frame `start` on
static void
run_part(Vst3Plugin* const                   plugin,
         const struct v3_process_data* const data,
         const int32_t                       start,
         const Block                         part)
{
  Transport transport = {0};
  if (data->ctx) {
    transport = transport_of(plugin, data->ctx, start);
  }
  instance_run(plugin->instance,
               part,
               data->ctx ? &transport : NULL,
               data->process_mode == V3_OFFLINE || plugin->ardour.is_bounce);
}

static v3_result V3_API
process(void* const self, struct v3_process_data* const data)
{
  Vst3Plugin* const plugin = VST3_PLUGIN_OF(self, processor);
  const int32_t     n      = data->nframes;

  const bool skips_target = atomic_exchange(&plugin->is_restored, false) &&
                            ardour_keeps_target(&plugin->ardour);
  const bool runs =
    n > 0 && instance_is_active(plugin->instance) &&
    data->symbolic_sample_size == V3_SAMPLE_32 &&
    has_channels(data->inputs, data->num_input_buses, 0, plugin->n_channels) &&
    has_channels(data->outputs, data->num_output_buses, 0, plugin->n_channels);

  if (runs) {
    ardour_see_block(&plugin->ardour,
                     plugin->max_frames,
                     data->process_mode == V3_REALTIME,
                     data->ctx && (data->ctx->state & V3_PROCESS_CTX_PLAYING));
  }
  const Block block = runs ? block_of(plugin, data) : (Block){0};
  Vst3Changes walk  = vst3_changes_begin(data->input_params, skips_target);
  for (int32_t start = 0; runs && start < n;) {
    const int32_t  end    = vst3_changes_take(&walk, plugin->instance, start, n);
    const uint32_t n_part = (uint32_t)(end - start);
    run_part(plugin, data, start, block_slice(block, (uint32_t)start, n_part));
    start = end;
  }
  (void)vst3_changes_take(&walk, plugin->instance, INT32_MAX, n);

  if (runs) {
    data->outputs[0].channel_silence_bitset = 0;
    notify_reports(plugin, data);
  } else if (n > 0) {
    clear_outputs(data);
  }
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
  (void)self;
  return V3_PROCESS_CTX_NEED_PROJECT_TIME | V3_PROCESS_CTX_NEED_BAR_POSITION |
         V3_PROCESS_CTX_NEED_CYCLE | V3_PROCESS_CTX_NEED_TEMPO |
         V3_PROCESS_CTX_NEED_TIME_SIG | V3_PROCESS_CTX_NEED_TRANSPORT_STATE;
}

const struct v3_process_context_requirements vst3_requirements = {
  .query_interface                  = requirements_query,
  .ref                              = requirements_ref,
  .unref                            = requirements_unref,
  .get_process_context_requirements = get_process_context_requirements,
};
