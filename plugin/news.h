/* SPDX-License-Identifier: GPL-3.0-or-later

   Tell the worker what has changed, once, and again if there was no room. */

#ifndef REQUINTO_NEWS_H
#define REQUINTO_NEWS_H

#include "door.h"
#include "realtime.h"
#include "session.h"

#include <stdbool.h>
#include <stdint.h>

/// What the worker was told last; zeros at first; the audio thread's alone
typedef struct {
  Message settings;        ///< Last asked for
  Message position;        ///< Of the host, last told
  bool    has_settings;    ///< `settings` holds something
  bool    settings_unsent; ///< There was no room for `settings` yet
  bool    position_unsent; ///< There was no room for `position` yet
} News;

/// Note settings that hold from `frame` on, unless nothing is new about them
void
news_set_settings(News*                 news,
                  const StreamSettings* settings,
                  uint32_t              revision,
                  uint64_t              frame) REALTIME;

/// Note where the host is at `frame`
void
news_set_position(News* news, const HostPosition* position, uint64_t frame) REALTIME;

/// Send what was not sent yet, before the sound of `frame` is
void
news_send(News* news, Session* session, uint64_t frame) REALTIME;

#endif
