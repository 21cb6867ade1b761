/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ardour.h"

#include <math.h>
#include <string.h>

enum { BOUNCE_FRAMES = 8192 }; // of the blocks in which it renders a track

bool
ardour_has_name(const char* const host)
{
  return !strcmp(host, "Ardour");
}

bool
ardour_has_feature(const char* const uri)
{
  static const char own[] = "http://ardour.org/";
  return !strncmp(uri, own, sizeof(own) - 1);
}

void
ardour_activate(Ardour* const ardour)
{
  ardour->is_new = true;
}

void
ardour_see_block(Ardour* const  ardour,
                 const uint32_t max_frames,
                 const bool     is_live,
                 const bool     is_playing)
{
  if (ardour->is_new) {
    ardour->is_new = false;
    ardour->is_bounce =
      ardour->is_host && is_live && is_playing && max_frames == BOUNCE_FRAMES;
  }
}

uint32_t
ardour_frames_ahead(const Ardour* const ardour, const uint32_t latency)
{
  // It gives the position of what the plugin puts out, except in bounces
  return ardour->is_host && !ardour->is_bounce ? latency : 0;
}

bool
ardour_keeps_target(const Ardour* const ardour)
{
  // It sends all values once more after a state, and knows targets by index, which
  // may be another one now
  return ardour->is_host;
}

double
ardour_exact_quarter(const double  rounded,
                     const int64_t frame,
                     const double  tempo_bpm,
                     const double  sample_rate)
{
  // Ardour rounds to 1/1920 of a quarter, and counts frames to each of them; where
  // the tempo has always been this one, they say the same
  static const double tick = 1.0 / 1920.0;

  const double counted = (double)frame * tempo_bpm / (60.0 * sample_rate);
  return fabs(counted - rounded) < 1.5 * tick ? counted : rounded;
}
