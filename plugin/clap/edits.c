/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "clap/edits.h"

enum {
  MAX_EDITS = 1024,
  SPARE     = 64 // kept for the ends of gestures, without which a host goes on waiting
};

typedef struct {
  double     plain;
  ParamIndex index;
  uint16_t   type;
} Edit;

Ring*
clap_edits_new(void)
{
  return ring_new(MAX_EDITS, sizeof(Edit));
}

bool
clap_edits_add(ClapPlugin* const plugin,
               const uint16_t    type,
               const ParamIndex  index,
               const double      plain)
{
  const Edit     edit = {plain, index, type};
  const uint32_t room = ring_room(plugin->edits);
  const bool     fits = room > (type == CLAP_EVENT_PARAM_VALUE ? SPARE : 0U) &&
                    ring_write(plugin->edits, &edit, 1) == 1;
  if (plugin->host_params) {
    plugin->host_params->request_flush(plugin->host);
  }
  return fits;
}

static bool
push_value(const clap_output_events_t* const events, const Edit* const edit)
{
  const clap_event_param_value_t event = {
    .header     = {.size     = sizeof(event),
                   .space_id = CLAP_CORE_EVENT_SPACE_ID,
                   .type     = CLAP_EVENT_PARAM_VALUE,
                   .flags    = CLAP_EVENT_IS_LIVE},
    .param_id   = params_info(edit->index)->id,
    .note_id    = -1,
    .port_index = -1,
    .channel    = -1,
    .key        = -1,
    .value      = edit->plain};
  return events->try_push(events, &event.header);
}

static bool
push_gesture(const clap_output_events_t* const events, const Edit* const edit)
{
  const clap_event_param_gesture_t event = {
    .header   = {.size     = sizeof(event),
                 .space_id = CLAP_CORE_EVENT_SPACE_ID,
                 .type     = edit->type,
                 .flags    = CLAP_EVENT_IS_LIVE},
    .param_id = params_info(edit->index)->id};
  return events->try_push(events, &event.header);
}

void
clap_edits_report(ClapPlugin* const plugin, const clap_output_events_t* const events)
{
  Edit edit;
  while (events && ring_peek(plugin->edits, &edit, 1) == 1) {
    const bool is_value = edit.type == CLAP_EVENT_PARAM_VALUE;
    if (!(is_value ? push_value(events, &edit) : push_gesture(events, &edit))) {
      return; // the rest with the next block
    }
    (void)ring_skip(plugin->edits, 1);
  }
}
