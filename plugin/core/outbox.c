/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/outbox.h"

#include "core/settings.h"

void
outbox_set_settings(Outbox* const               outbox,
                    const StreamSettings* const settings,
                    const uint32_t              revision,
                    const uint64_t              frame)
{
  if (!outbox->has_settings || revision != outbox->settings.revision ||
      settings_differ(settings, &outbox->settings.settings)) {
    outbox->settings.at_frame = frame;
    outbox->settings.kind     = MESSAGE_SETTINGS;
    outbox->settings.settings = *settings;
    outbox->settings.revision = revision;
    outbox->has_settings      = true;
    outbox->settings_unsent   = true;
  }
}

void
outbox_set_position(Outbox* const             outbox,
                    const HostPosition* const position,
                    const uint64_t            frame)
{
  const uint32_t is_seam = outbox->position_unsent && outbox->position.position.is_seam;
  outbox->position.at_frame = frame;
  outbox->position.kind     = MESSAGE_POSITION;
  outbox->position.position = *position;
  outbox->position.position.is_seam |= is_seam;
  outbox->position_unsent = true;
}

/// Carry a position on to a later frame
static void
move_on(Message* const message, const uint64_t frame, const double sample_rate)
{
  HostPosition* const position = &message->position;
  const double        passed_s = (double)(frame - message->at_frame) / sample_rate;
  position->quarter += passed_s * position->tempo_bpm / 60.0;
  message->at_frame = frame;
}

void
outbox_send(Outbox* const outbox, Session* const session, const uint64_t frame)
{
  if (outbox->settings_unsent) {
    outbox->settings.at_frame = frame;
    outbox->settings_unsent   = !ring_write(session->messages, &outbox->settings, 1);
  }
  if (outbox->position_unsent) {
    move_on(&outbox->position, frame, session->setup.sample_rate);
    outbox->position_unsent = !ring_write(session->messages, &outbox->position, 1);
  }
}
