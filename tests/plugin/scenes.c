/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "scenes.h"

#include "check.h"
#include "example_song.h"

#include "core/params.h"
#include "core/status.h"
#include "editor/layout.h"
#include "editor/song.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_SECONDS = 12 };

static const char* const names[] = {"guitar",
                                    "bass",
                                    "bongo",
                                    "guira",
                                    "Learned",
                                    "Requinto, take 3",
                                    "Requinto bright",
                                    "Segunda",
                                    "Bass with a pick",
                                    "Nylon, lower strings",
                                    "Piano left hand",
                                    "Tambora",
                                    "G\xC3\xBCira close",
                                    "Saxophone",
                                    "Accordion",
                                    "Bongo macho",
                                    "Bongo hembra",
                                    "Upright bass",
                                    "Requinto with a capo",
                                    "Strummed guitar"};

enum { N_NAMES = sizeof(names) / sizeof(names[0]), LEARNED = 4 };

/// Write a song that plays, and the picture of it
static void
make_song(Scene* const scene, const double scale)
{
  Song* const     song = song_new();
  SongView* const view = song_view_new();
  CHECK(song && view);
  const ScopeClock clock = {.stream         = 1,
                            .sample_rate    = EXAMPLE_RATE,
                            .latency_frames = (uint32_t)(5.35 * EXAMPLE_RATE),
                            .n_received     = (uint64_t)N_SECONDS * EXAMPLE_RATE,
                            .is_playing     = true};
  song_advance(song, &clock, 0.0);
  // The last seconds are not separated yet
  const uint32_t n = (N_SECONDS - 2) * EXAMPLE_RATE / EXAMPLE_COLUMN_FRAMES;
  for (uint32_t i = 0; i < n; ++i) {
    const Column column = example_column(i);
    song_add(song, &column, 1);
  }
  song_advance(song, &clock, 0.0);
  (void)song_view_update(view, song, layout_box(AREA_SONG), scale);
  song_free(song);
  scene->song = view;
}

void
scene_free(Scene* const scene)
{
  song_view_free((SongView*)scene->song);
  scene->song = NULL;
}

/* States */

static void
set_summary(Scene* const scene, const float low, const float high)
{
  scene->has_summary        = true;
  scene->summary_revision   = 1;
  scene->summary.duration_s = 2.0;
  scene->summary.low_pitch  = low;
  scene->summary.high_pitch = high;
  for (int i = 0; i < 128; ++i) {
    const double part = fmod(i / 16.0, 1.0);
    const double peak = exp(-3.0 * part) * (0.6 + 0.4 * sin(1.7 * floor(i / 16.0)));
    scene->summary.peaks[i] = (unsigned char)(fmax(0.05, peak) * 255.0);
  }
}

/// Write a window that nothing has come to yet
static void
scene_new(Scene* const scene)
{
  *scene = (Scene){.learned_index = LEARNED, .latency_s = {5.35, 3.1, 1.15}};
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    scene->values[i] = params_info((ParamIndex)i)->default_value;
  }
  scene->target          = *params_info(PARAM_TARGET);
  scene->target.labels   = names;
  scene->target.n_labels = N_NAMES;
  scene->target.max      = N_NAMES - 1;
  scene->meters          = meters_new();
  scene->user            = (Interaction){.focus   = CONTROL_NONE,
                                         .hover   = CONTROL_NONE,
                                         .pressed = CONTROL_NONE,
                                         .list    = CONTROL_NONE,
                                         .entry   = CONTROL_NONE,
                                         .tooltip = CONTROL_NONE};
}

void
scene_without_song(Scene* const scene)
{
  scene_new(scene);
  scene->values[PARAM_STATUS] = STATUS_READY;
  scene->values[PARAM_TARGET] = LEARNED + 1;
  scene->tempo                = EXAMPLE_BPM;
  set_summary(scene, 52.0F, 71.0F);
  (void)meters_update(&scene->meters, (MeterPowers){0.02, 0.006, 0.014}, 0.1);
}

void
scene_ready(Scene* const scene, const double scale)
{
  scene_without_song(scene);
  make_song(scene, scale);
}

static void
change_nothing(Scene* const scene)
{
  (void)scene;
}

static void
become_idle(Scene* const scene)
{
  scene_free(scene);
  scene_new(scene);
}

static void
start(Scene* const scene)
{
  become_idle(scene);
  scene->values[PARAM_STATUS] = STATUS_STARTING;
  (void)meters_update(&scene->meters, (MeterPowers){0.02, 0.0, 0.0}, 0.1);
}

static void
be_late(Scene* const scene)
{
  scene->values[PARAM_STATUS]   = STATUS_LATE;
  scene->values[PARAM_DROPOUTS] = 12;
  scene->values[PARAM_CLIP]     = CLIP_1_BEAT;
  (void)meters_update(&scene->meters, (MeterPowers){0.02, 0.0, 0.02}, 6.0);
}

static void
have_no_reference(Scene* const scene)
{
  become_idle(scene);
  scene->values[PARAM_STATUS] = STATUS_NO_REFERENCE;
  scene->values[PARAM_TARGET] = LEARNED;
}

static void
have_no_python(Scene* const scene)
{
  become_idle(scene);
  scene->values[PARAM_STATUS] = STATUS_NO_PYTHON;
  (void)meters_update(&scene->meters, (MeterPowers){0.02, 0.02, 0.0}, 0.1);
}

static void
learn(Scene* const scene)
{
  scene->values[PARAM_STATUS] = STATUS_LEARNING;
  scene->values[PARAM_LEARN]  = 1.0;
  scene->countdown            = (Countdown){COUNTDOWN_BEATS, 3, 0.0};
}

static void
capture(Scene* const scene)
{
  learn(scene);
  scene->countdown = (Countdown){COUNTDOWN_CAPTURING, 0, 0.4};
}

static void
drag_over(Scene* const scene)
{
  scene->is_drag_over = true;
}

static void
open_list(Scene* const scene)
{
  scene->user.list       = CONTROL_TARGET;
  scene->user.focus      = CONTROL_TARGET;
  scene->user.list_row   = 7;
  scene->user.list_first = 1;
}

static void
open_clips(Scene* const scene)
{
  scene->user.list             = CONTROL_CLIP;
  scene->user.list_row         = 1;
  scene->values[PARAM_OUTPUT]  = OUTPUT_EVERYTHING_ELSE;
  scene->values[PARAM_COMPARE] = 1.0;
}

static void
type_number(Scene* const scene)
{
  scene->user.entry       = CONTROL_SENSITIVITY;
  scene->user.focus       = CONTROL_SENSITIVITY;
  scene->user.shows_focus = true;
  snprintf(scene->user.text, sizeof(scene->user.text), "62.5");
}

static void
wait_for_clip(Scene* const scene)
{
  scene->clip_waits                = true;
  scene->values[PARAM_CLIP]        = CLIP_2_BEATS;
  scene->values[PARAM_BEAT_SOURCE] = 1.0;
  scene->user.focus                = CONTROL_BEAT_SOURCE;
  scene->user.shows_focus          = true;
}

static void
show_tooltip(Scene* const scene)
{
  scene->user.hover   = CONTROL_SENSITIVITY;
  scene->user.tooltip = CONTROL_SENSITIVITY;
}

static void
warn(Scene* const scene)
{
  scene->warning                   = WARNING_LOWER;
  scene->values[PARAM_BEAT_SOURCE] = 2.0;
  scene->values[PARAM_TEMPO]       = 118.5;
  scene->values[PARAM_SENSITIVITY] = 35.0;
  scene->values[PARAM_AMOUNT]      = 80.0;
}

static void
fail_to_open(Scene* const scene)
{
  scene->values[PARAM_BYPASS] = 1.0;
  snprintf(scene->message,
           sizeof(scene->message),
           "Song.mp3 cannot be used: it is larger than 64 MiB");
}

const SceneCase scene_cases[] = {
  {"idle", 1.0, become_idle},
  {"starting", 1.0, start},
  {"ready", 1.0, change_nothing},
  {"ready-2x", 2.0, change_nothing},
  {"late", 1.0, be_late},
  {"no-reference", 1.0, have_no_reference},
  {"no-python", 1.0, have_no_python},
  {"learning", 1.0, learn},
  {"capturing", 1.0, capture},
  {"drop", 1.0, drag_over},
  {"list", 1.0, open_list},
  {"clips", 1.0, open_clips},
  {"entry", 1.0, type_number},
  {"waiting-clip", 1.0, wait_for_clip},
  {"tooltip", 1.0, show_tooltip},
  {"warning", 1.0, warn},
  {"message", 1.0, fail_to_open},
  {NULL, 0.0, NULL},
};
