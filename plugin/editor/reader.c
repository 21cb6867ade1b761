/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "editor/reader.h"

#include "core/references.h"
#include "core/status.h"
#include "editor/countdown.h"
#include "editor/reference_check.h"
#include "editor/song.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_COLUMNS = 256 };

struct ReaderImpl {
  Instance*      instance;
  Scope*         scope;
  Song*          song;
  SongView*      view;
  CountdownState countdown;
  ReferenceCheck check;
  double         last_frame; ///< That the meters have seen
  uint64_t       last_ms;    ///< When
  Column         columns[MAX_COLUMNS];
};

Reader*
reader_new(Instance* const instance)
{
  Reader* const reader = (Reader*)calloc(1, sizeof(Reader));
  if (!reader) {
    return NULL;
  }
  reader->instance = instance;
  reader->song     = song_new();
  reader->view     = song_view_new();
  if (reader->song && reader->view && scope_open(instance_scope(instance))) {
    reader->scope = instance_scope(instance);
    return reader;
  }
  reader_free(reader);
  return NULL;
}

void
reader_free(Reader* const reader)
{
  if (reader) {
    if (reader->scope) {
      scope_close(reader->scope);
    }
    song_view_free(reader->view);
    song_free(reader->song);
    free(reader);
  }
}

/* Values */

static void
read_latency(const Reader* const reader, Scene* const scene)
{
  for (unsigned i = 0; i < N_CLIPS; ++i) {
    const Clip* const clip = clip_info((ClipChoice)i);
    scene->latency_s[i]    = clip->stream_s + clip->allowance_s;
  }
  const Instance* const instance = reader->instance;
  const ScopeClock      clock    = scope_clock(reader->scope);
  // The clock may still be that of the activation before
  const bool is_known =
    instance_is_active(instance) && clock.stream &&
    clock.latency_frames == instance_latency(instance, clock.sample_rate);
  scene->clip_waits = is_known && clock.latency_frames !=
                                    instance_next_latency(instance, clock.sample_rate);
}

void
reader_read_values(const Reader* const reader,
                   Scene* const        scene,
                   const ParamIndex    held)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    if ((ParamIndex)i != held) {
      scene->values[i] = instance_value(reader->instance, (ParamIndex)i);
    }
  }
  scene->target        = instance_param(reader->instance, PARAM_TARGET);
  scene->learned_index = references_learned_index();
  read_latency(reader, scene);
}

/* Sound */

/// Bring the song up to date
static void
read_song(Reader* const reader, const uint64_t now_ms)
{
  const ScopeClock clock = scope_clock(reader->scope);
  song_advance(reader->song, &clock, (double)now_ms / 1000.0);
  uint32_t n = MAX_COLUMNS;
  while (n == MAX_COLUMNS) {
    n = scope_read(reader->scope, reader->columns, MAX_COLUMNS);
    if (scope_clock(reader->scope).stream != clock.stream) {
      return; // they may be of another stream, which the next call begins with
    }
    song_add(reader->song, reader->columns, n);
  }
}

/// Return what the meters show of a stretch: as in `core/mixer.c`
static MeterPowers
powers_of(const Scene* const scene, const SongPowers powers)
{
  const bool passes = scene->values[PARAM_BYPASS] > 0.5 ||
                      status_is_failure((Status)scene->values[PARAM_STATUS]);
  const double amount = passes ? 0.0 : scene->values[PARAM_AMOUNT] / 100.0;
  const bool   is_rest =
    (OutputChoice)scene->values[PARAM_OUTPUT] == OUTPUT_EVERYTHING_ELSE;
  const double others = 1.0 - amount;
  return (MeterPowers){
    powers.mixture,
    is_rest ? song_power_of_sum(powers, others, 1.0)
            : song_power_of_sum(powers, 1.0, others),
    is_rest ? song_power_of_sum(powers, amount, 0.0)
            : song_power_of_sum(powers, 0.0, amount),
  };
}

static void
read_meters(Reader* const reader, Scene* const scene, const uint64_t now_ms)
{
  const double frame     = song_play_frame(reader->song);
  const double elapsed_s = fmin(1.0, (double)(now_ms - reader->last_ms) / 1000.0);
  SongPowers   powers    = {0.0, 0.0, 0.0};
  if (frame > reader->last_frame) {
    powers = song_powers(reader->song, reader->last_frame, frame);
  }
  if (meters_update(&scene->meters, powers_of(scene, powers), elapsed_s)) {
    ++scene->meters_revision;
  }
  reader->last_frame = frame;
  reader->last_ms    = now_ms;
}

static void
read_reference(Reader* const reader, Scene* const scene)
{
  const uint32_t revision = scope_reference(reader->scope, &scene->summary);
  scene->has_summary      = revision;
  scene->summary_revision = revision;
  scene->warning          = WARNING_NONE;
  if ((Status)scene->values[PARAM_STATUS] == STATUS_READY) {
    scene->warning = reference_check_update(
      &reader->check, reader->song, revision ? &scene->summary : NULL, revision);
  }
}

void
reader_read_sound(Reader* const  reader,
                  Scene* const   scene,
                  const Box      song_box,
                  const double   scale,
                  const uint64_t now_ms)
{
  read_song(reader, now_ms);
  if (song_view_update(reader->view, reader->song, song_box, scale)) {
    ++scene->song_revision;
  }
  scene->song  = song_n_columns(reader->song) ? reader->view : NULL;
  scene->tempo = song_tempo(reader->song, song_play_frame(reader->song));
  read_meters(reader, scene, now_ms);
  read_reference(reader, scene);
  scene->countdown = countdown_update(
    &reader->countdown, reader->song, scene->values[PARAM_LEARN] > 0.5);
  scope_problem(reader->scope, scene->problem);
}
