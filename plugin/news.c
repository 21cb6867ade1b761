/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "news.h"

#include <math.h>

static bool
differ(const double one, const double other)
{
  return fabs(one - other) > 1e-9;
}

void
news_set_settings(News* const                 news,
                  const StreamSettings* const settings,
                  const uint32_t              revision,
                  const uint64_t              frame)
{
  const StreamSettings* const old = &news->settings.settings;
  if (!news->has_settings || settings->target != old->target ||
      settings->quality != old->quality || settings->beat_source != old->beat_source ||
      settings->learn != old->learn || differ(settings->tempo_bpm, old->tempo_bpm) ||
      differ(settings->sensitivity, old->sensitivity) ||
      revision != news->settings.revision) {
    news->settings.at_frame = frame;
    news->settings.kind     = MESSAGE_SETTINGS;
    news->settings.settings = *settings;
    news->settings.revision = revision;
    news->has_settings      = true;
    news->settings_unsent   = true;
  }
}

void
news_set_position(News* const               news,
                  const HostPosition* const position,
                  const uint64_t            frame)
{
  const uint32_t is_seam  = news->position_unsent && news->position.position.is_seam;
  news->position.at_frame = frame;
  news->position.kind     = MESSAGE_POSITION;
  news->position.position = *position;
  news->position.position.is_seam |= is_seam;
  news->position_unsent = true;
}

/// Move what is told of a position to a later frame
static void
move_on(Message* const message, const uint64_t frame, const double sample_rate)
{
  HostPosition* const position = &message->position;
  const double        passed_s = (double)(frame - message->at_frame) / sample_rate;
  position->quarter += passed_s * position->tempo_bpm / 60.0;
  message->at_frame = frame;
}

void
news_send(News* const news, Session* const session, const uint64_t frame)
{
  if (news->settings_unsent) {
    news->settings.at_frame = frame;
    news->settings_unsent   = !ring_write(session->messages, &news->settings, 1);
  }
  if (news->position_unsent) {
    move_on(&news->position, frame, session->setup.sample_rate);
    news->position_unsent = !ring_write(session->messages, &news->position, 1);
  }
}
