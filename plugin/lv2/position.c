/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "lv2/position.h"

#include <lv2/atom-util.h>
#include <lv2/time.h>

#include <math.h>

Lv2PositionUris
lv2_position_uris(const LV2_URID_Map* const map)
{
#define MAP(uri) map->map(map->handle, (uri))
  return (Lv2PositionUris){.object           = MAP(LV2_ATOM__Object),
                           .blank            = MAP(LV2_ATOM__Blank),
                           .position         = MAP(LV2_TIME__Position),
                           .is_float         = MAP(LV2_ATOM__Float),
                           .is_double        = MAP(LV2_ATOM__Double),
                           .is_int           = MAP(LV2_ATOM__Int),
                           .is_long          = MAP(LV2_ATOM__Long),
                           .bar              = MAP(LV2_TIME__bar),
                           .bar_beat         = MAP(LV2_TIME__barBeat),
                           .beat             = MAP(LV2_TIME__beat),
                           .beat_unit        = MAP(LV2_TIME__beatUnit),
                           .beats_per_bar    = MAP(LV2_TIME__beatsPerBar),
                           .beats_per_minute = MAP(LV2_TIME__beatsPerMinute),
                           .speed            = MAP(LV2_TIME__speed)};
#undef MAP
}

Lv2Position
lv2_position_unknown(void)
{
  return (Lv2Position){.beat = NAN, .bar_start = NAN, .beats_per_minute = NAN};
}

/* Events */

/// Return the number in an atom, or `otherwise` if there is none
static double
number(const Lv2PositionUris* const uris,
       const LV2_Atom* const        atom,
       const double                 otherwise)
{
  return !atom                           ? otherwise
         : atom->type == uris->is_float  ? (double)((const LV2_Atom_Float*)atom)->body
         : atom->type == uris->is_double ? ((const LV2_Atom_Double*)atom)->body
         : atom->type == uris->is_int    ? ((const LV2_Atom_Int*)atom)->body
         : atom->type == uris->is_long   ? (double)((const LV2_Atom_Long*)atom)->body
                                         : otherwise;
}

void
lv2_position_take(Lv2Position* const           position,
                  const Lv2PositionUris* const uris,
                  const LV2_Atom* const        event)
{
  const LV2_Atom_Object* const object = (const LV2_Atom_Object*)(const void*)event;
  if ((event->type != uris->object && event->type != uris->blank) ||
      object->body.otype != uris->position) {
    return;
  }
  const LV2_Atom* bar              = NULL;
  const LV2_Atom* bar_beat         = NULL;
  const LV2_Atom* beat             = NULL;
  const LV2_Atom* beat_unit        = NULL;
  const LV2_Atom* beats_per_bar    = NULL;
  const LV2_Atom* beats_per_minute = NULL;
  const LV2_Atom* speed            = NULL;
  lv2_atom_object_get(object,
                      uris->bar,
                      &bar,
                      uris->bar_beat,
                      &bar_beat,
                      uris->beat,
                      &beat,
                      uris->beat_unit,
                      &beat_unit,
                      uris->beats_per_bar,
                      &beats_per_bar,
                      uris->beats_per_minute,
                      &beats_per_minute,
                      uris->speed,
                      &speed,
                      0);

  // A host may leave out what is as it was
  Lv2Position* const p = position;
  p->is_known          = true;
  p->beats_per_minute  = number(uris, beats_per_minute, p->beats_per_minute);
  p->beats_per_bar     = number(uris, beats_per_bar, p->beats_per_bar);
  p->beat_unit         = number(uris, beat_unit, p->beat_unit);
  p->speed             = number(uris, speed, p->speed);

  const double in_bar = number(uris, bar_beat, NAN);
  const double start  = number(uris, bar, NAN) * p->beats_per_bar;
  const double now    = number(uris, beat, start + in_bar);
  if (!isnan(now)) {
    p->beat      = now;
    p->bar_start = now - in_bar;
  }
}

/* What follows from them */

void
lv2_position_advance(Lv2Position* const position,
                     const uint32_t     n_frames,
                     const double       sample_rate)
{
  position->beat +=
    n_frames * position->speed * position->beats_per_minute / (60.0 * sample_rate);
  const double bar = position->beats_per_bar;
  if (bar > 0.0) {
    position->bar_start += bar * floor((position->beat - position->bar_start) / bar);
  }
}

Transport
lv2_position_transport(const Lv2Position* const position)
{
  const double unit     = position->beat_unit > 0.0 ? position->beat_unit : 4.0;
  const double quarters = 4.0 / unit; // in a beat
  const bool   has_meter =
    position->beats_per_bar >= 1.0 && position->beats_per_bar <= UINT16_MAX &&
    position->beat_unit >= 1.0 && position->beat_unit <= UINT16_MAX;
  return (Transport){.is_playing  = position->speed > 0.0,
                     .quarter     = position->beat * quarters,
                     .bar_quarter = position->bar_start * quarters,
                     .tempo_bpm =
                       position->beats_per_minute * position->speed * quarters,
                     .beats_per_bar = has_meter ? (uint32_t)position->beats_per_bar : 0,
                     .beat_unit     = has_meter ? (uint32_t)position->beat_unit : 0};
}
