/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "clap/process.h"

#include "clap/params.h"
#include "clap/plugin.h"

#include <math.h>
#include <string.h>

/// What the host said last of its song, and at which frame of the block
typedef struct {
  const clap_event_transport_t* transport; ///< NULL if it says nothing
  uint32_t                      frame;
} Clock;

/// The events of a block, in order, of which some are taken
typedef struct {
  const clap_input_events_t* list;
  uint32_t                   n;
  uint32_t                   n_taken;
} Events;

/* What changes */

static bool
is_ours(const clap_event_header_t* const event)
{
  return event && event->space_id == CLAP_CORE_EVENT_SPACE_ID &&
         (event->type == CLAP_EVENT_PARAM_VALUE || event->type == CLAP_EVENT_TRANSPORT);
}

/// Return the next event that concerns us, or NULL; pass over others
static const clap_event_header_t*
next_event(Events* const events)
{
  for (; events->n_taken < events->n; ++events->n_taken) {
    const clap_event_header_t* const event =
      events->list->get(events->list, events->n_taken);
    if (is_ours(event)) {
      return event;
    }
  }
  return NULL;
}

/// Take the events up to a frame
static void
take_events(ClapPlugin* const plugin,
            Events* const     events,
            const uint32_t    until,
            Clock* const      clock)
{
  const clap_event_header_t* event = next_event(events);
  for (; event && event->time <= until; event = next_event(events)) {
    if (event->type == CLAP_EVENT_TRANSPORT) {
      *clock = (Clock){(const clap_event_transport_t*)(const void*)event, event->time};
    } else {
      clap_params_take(plugin, event);
    }
    ++events->n_taken;
  }
}

/* Where the host is */

static double
quarters(const clap_beattime beats)
{
  return (double)beats / (double)CLAP_BEATTIME_FACTOR;
}

static Transport
transport_of(const ClapPlugin* const plugin,
             const Clock* const      clock,
             const uint32_t          start)
{
  const clap_event_transport_t* const now = clock->transport;

  const bool   has_tempo = now->flags & CLAP_TRANSPORT_HAS_TEMPO;
  const bool   has_beats = now->flags & CLAP_TRANSPORT_HAS_BEATS_TIMELINE;
  const bool   has_meter = now->flags & CLAP_TRANSPORT_HAS_TIME_SIGNATURE;
  const double n         = (double)start - (double)clock->frame;
  // A sliding tempo is, on the way, on average what it is halfway
  const double average = now->tempo + 0.5 * n * now->tempo_inc;
  return (Transport){
    .is_playing    = now->flags & CLAP_TRANSPORT_IS_PLAYING,
    .is_looping    = has_beats && (now->flags & CLAP_TRANSPORT_IS_LOOP_ACTIVE),
    .quarter       = has_tempo && has_beats ? quarters(now->song_pos_beats) +
                                          n * average / (60.0 * plugin->sample_rate)
                                            : NAN,
    .bar_quarter   = has_beats ? quarters(now->bar_start) : NAN,
    .tempo_bpm     = has_tempo ? now->tempo + n * now->tempo_inc : NAN,
    .loop_start    = quarters(now->loop_start_beats),
    .loop_end      = quarters(now->loop_end_beats),
    .beats_per_bar = has_meter ? now->tsig_num : 0,
    .beat_unit     = has_meter ? now->tsig_denom : 0};
}

/* Processing */

static void
clear_outputs(const clap_process_t* const process)
{
  for (uint32_t b = 0; b < process->audio_outputs_count; ++b) {
    const clap_audio_buffer_t* const port = &process->audio_outputs[b];
    for (uint32_t c = 0; port->data32 && c < port->channel_count; ++c) {
      if (port->data32[c]) {
        memset(port->data32[c], 0, process->frames_count * sizeof(float));
      }
    }
  }
}

/// Return whether the host gave as many channels as were agreed upon
static bool
has_channels(const clap_audio_buffer_t* const ports,
             const uint32_t                   n_ports,
             const uint32_t                   index,
             const uint32_t                   n_channels)
{
  bool has = ports && n_ports > index && ports[index].data32 &&
             ports[index].channel_count >= n_channels;
  for (uint32_t c = 0; has && c < n_channels; ++c) {
    has = ports[index].data32[c];
  }
  return has;
}

/// Return the whole block that the host gives
static Block
block_of(const ClapPlugin* const plugin, const clap_process_t* const process)
{
  Block          block    = {.n_frames = process->frames_count};
  const uint32_t n_inputs = process->audio_inputs_count;
  const bool     has_sidechain =
    has_channels(process->audio_inputs, n_inputs, 1, plugin->n_channels);
  for (uint32_t c = 0; c < plugin->n_channels; ++c) {
    block.input[c]     = process->audio_inputs[0].data32[c];
    block.output[c]    = process->audio_outputs[0].data32[c];
    block.sidechain[c] = has_sidechain ? process->audio_inputs[1].data32[c] : NULL;
  }
  return block;
}

/// Process a part of a block, of which nothing changes, from frame `start` on
static void
run_part(const ClapPlugin* const plugin,
         const Clock* const      clock,
         const uint32_t          start,
         const Block             part)
{
  Transport transport = {0};
  if (clock->transport) {
    transport = transport_of(plugin, clock, start);
  }
  instance_run(plugin->instance,
               part,
               clock->transport ? &transport : NULL,
               atomic_load(&plugin->offline));
}

clap_process_status CLAP_ABI
clap_process(const clap_plugin_t* const clap, const clap_process_t* const process)
{
  ClapPlugin* const                plugin = CLAP_PLUGIN_OF(clap);
  const clap_input_events_t* const list   = process->in_events;
  const uint32_t                   n      = process->frames_count;
  Events                           events = {list, list ? list->size(list) : 0, 0};
  Clock                            clock  = {process->transport, 0};

  const bool runs =
    n > 0 && instance_is_active(plugin->instance) &&
    has_channels(
      process->audio_inputs, process->audio_inputs_count, 0, plugin->n_channels) &&
    has_channels(
      process->audio_outputs, process->audio_outputs_count, 0, plugin->n_channels);

  const Block block = runs ? block_of(plugin, process) : (Block){0};
  for (uint32_t start = 0; runs && start < n;) {
    take_events(plugin, &events, start, &clock);
    const clap_event_header_t* const event = next_event(&events);
    const uint32_t                   end   = event && event->time < n ? event->time : n;
    run_part(plugin, &clock, start, block_slice(block, start, end - start));
    start = end;
  }
  take_events(plugin, &events, UINT32_MAX, &clock);

  if (runs) {
    process->audio_outputs[0].constant_mask = 0;
    clap_params_report(plugin, process->out_events);
  } else if (n > 0) {
    clear_outputs(process);
  }
  return CLAP_PROCESS_CONTINUE;
}
