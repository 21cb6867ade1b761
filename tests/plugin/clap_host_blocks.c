/* SPDX-License-Identifier: GPL-3.0-or-later

   Blocks as a CLAP host gives them: sound, events and where the song is. */

#include "clap_host.h"

#include "check.h"

#include <math.h>

clap_param_info_t
clap_host_info(const ClapHost* const host, const uint32_t index)
{
  clap_param_info_t info;
  CHECK(host->params->get_info(host->plugin, index, &info));
  return info;
}

typedef struct {
  clap_event_param_value_t events[PLAY_MAX_CHANGES];
  uint32_t                 n;
} Events;

static uint32_t CLAP_ABI
count_events(const clap_input_events_t* list)
{
  return ((const Events*)list->ctx)->n;
}

static const clap_event_header_t* CLAP_ABI
get_event(const clap_input_events_t* list, const uint32_t index)
{
  return &((const Events*)list->ctx)->events[index].header;
}

static bool CLAP_ABI
take_report(const clap_output_events_t* list, const clap_event_header_t* event)
{
  ClapHost* const                       host = (ClapHost*)list->ctx;
  const clap_event_param_value_t* const change =
    (const clap_event_param_value_t*)(const void*)event;
  CHECK(event->type == CLAP_EVENT_PARAM_VALUE && event->size == sizeof(*change));
  for (uint32_t i = 0; i < host->params->count(host->plugin); ++i) {
    if (clap_host_info(host, i).id == change->param_id) {
      host->reported[i] = change->value;
      ++host->n_reports;
    }
  }
  return true;
}

/// Write the event for `NAME=TEXT`
static clap_event_param_value_t
event_for(const ClapHost* const   host,
          const PlayChange* const change,
          const uint32_t          time)
{
  for (uint32_t i = 0; i < host->params->count(host->plugin); ++i) {
    const clap_param_info_t info = clap_host_info(host, i);
    const char* const       text = play_text_for(change, info.name);
    if (text) {
      clap_event_param_value_t event = {.header     = {sizeof(event),
                                                       time,
                                                       CLAP_CORE_EVENT_SPACE_ID,
                                                       CLAP_EVENT_PARAM_VALUE,
                                                       0},
                                        .param_id   = info.id,
                                        .cookie     = info.cookie,
                                        .note_id    = -1,
                                        .port_index = -1,
                                        .channel    = -1,
                                        .key        = -1};
      CHECK(host->params->text_to_value(host->plugin, info.id, text, &event.value));
      return event;
    }
  }
  fprintf(stderr, "no parameter for %s\n", change->setting);
  exit(2);
}

static Events
events_of(const ClapHost* const host, const PlayBlock* const block)
{
  Events events = {.n = 0};
  for (int i = 0; i < block->n_changes; ++i) {
    uint32_t offset = 0;
    if (play_is_due(block, &block->changes[i], &offset)) {
      events.events[events.n++] = event_for(host, &block->changes[i], offset);
    }
  }
  return events;
}

static clap_event_transport_t
transport_of(const ClapHost* const host, const PlayBlock* const block)
{
  const double bar = 4.0 * floor(block->quarter / 4.0);
  return (clap_event_transport_t){
    .header = {sizeof(clap_event_transport_t),
               0,
               CLAP_CORE_EVENT_SPACE_ID,
               CLAP_EVENT_TRANSPORT,
               0},
    .flags  = CLAP_TRANSPORT_HAS_TEMPO | CLAP_TRANSPORT_HAS_BEATS_TIMELINE |
             CLAP_TRANSPORT_HAS_TIME_SIGNATURE | CLAP_TRANSPORT_IS_PLAYING,
    .song_pos_beats = llround(block->quarter * (double)CLAP_BEATTIME_FACTOR),
    .tempo          = host->tempo_bpm,
    .bar_start      = llround(bar * (double)CLAP_BEATTIME_FACTOR),
    .bar_number     = (int32_t)(bar / 4.0),
    .tsig_num       = 4,
    .tsig_denom     = 4};
}

void
clap_host_run(void* const context, const PlayBlock* const block)
{
  ClapHost* const              host      = (ClapHost*)context;
  Events                       events    = events_of(host, block);
  const clap_event_transport_t transport = transport_of(host, block);
  clap_audio_port_info_t       port;
  CHECK(host->ports->get(host->plugin, 0, true, &port));
  const uint32_t      n        = port.channel_count;
  clap_audio_buffer_t inputs[] = {
    {.data32 = block->channels, .channel_count = n},
    {.data32 = block->sidechain, .channel_count = block->sidechain ? n : 0}};
  clap_audio_buffer_t        output  = {.data32 = block->channels, .channel_count = n};
  const clap_input_events_t  in      = {&events, count_events, get_event};
  const clap_output_events_t out     = {host, take_report};
  const clap_process_t       process = {.steady_time  = (int64_t)block->frame,
                                        .frames_count = block->n_frames,
                                        .transport =
                                    host->tempo_bpm > 0.0 ? &transport : NULL,
                                        .audio_inputs        = inputs,
                                        .audio_outputs       = &output,
                                        .audio_inputs_count  = 2,
                                        .audio_outputs_count = 1,
                                        .in_events           = &in,
                                        .out_events          = &out};
  CHECK(host->plugin->process(host->plugin, &process) == CLAP_PROCESS_CONTINUE);
}
