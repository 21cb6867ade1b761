/* SPDX-License-Identifier: GPL-3.0-or-later

   A host's threads: one for sound, one for all else, and several instances.

   Under the thread sanitizer these also look for races. */

#include "conform.h"

#include "check.h"
#include "os/os.h"

#include <pthread.h>

enum { N_BLOCKS = 400 };

/// A thread that processes until it is stopped
typedef struct {
  Instance*   p;
  Handler*    handler; ///< May be NULL
  pthread_t   thread;
  atomic_bool stop;
  atomic_int  n_blocks;
  int32_t     mode;
  bool        changes_values;
} Player;

static void*
play(void* const argument)
{
  Player* const  player = (Player*)argument;
  unsigned       seed   = 17;
  Sound* const   sound  = sound_new(player->p, BLOCK);
  Changes* const input  = changes_new();
  Changes* const output = changes_new();
  const Values   values = values_read(player->p);

  sound->data.process_mode  = player->mode;
  sound->data.input_params  = changes_face(input);
  sound->data.output_params = changes_face(output);
  if (player->handler) {
    atomic_store(&player->handler->audio_thread, os_this_thread());
  }
  (void)(*player->p->processor)->set_processing(player->p->processor, true);
  while (!atomic_load(&player->stop)) {
    changes_clear(input);
    changes_clear(output);
    for (int32_t i = 0; player->changes_values && i < values.n; ++i) {
      changes_set(input, values.ids[i], draw_fraction(&seed));
    }
    EXPECT(sound_plays(sound, player->p, BLOCK, &seed));
    atomic_fetch_add(&player->n_blocks, 1);
  }
  (void)(*player->p->processor)->set_processing(player->p->processor, false);
  sound_free(sound);
  free(input);
  free(output);
  return NULL;
}

static void
player_start(Player* const player)
{
  EXPECT(instance_setup(player->p, RATE, BLOCK, player->mode) == V3_OK);
  EXPECT(instance_set_active(player->p, true) == V3_OK);
  CHECK(!pthread_create(&player->thread, NULL, play, player));
}

static void
player_stop(Player* const player)
{
  atomic_store(&player->stop, true);
  CHECK(!pthread_join(player->thread, NULL));
  EXPECT(instance_set_active(player->p, false) == V3_OK);
}

/// Return whether the player has still to run `n` blocks
static bool
is_playing(Player* const player, const int n)
{
  return atomic_load(&player->n_blocks) < n;
}

static void
process_on_another_thread(Instance* const p)
{
  static Handler handler;
  handler_begin(&handler);
  EXPECT(instance_set_handler(p, &handler) == V3_OK);
  for (int32_t mode = V3_REALTIME; mode <= V3_OFFLINE; ++mode) {
    Player player = {.p = p, .handler = &handler, .mode = mode};
    player_start(&player);
    while (is_playing(&player, N_BLOCKS)) {
      (void)(*p->processor)->get_latency_samples(p->processor);
    }
    player_stop(&player);
  }
  EXPECT(atomic_load(&handler.n_from_audio) == 0);
  EXPECT(instance_set_handler(p, NULL) == V3_OK);
}

static void
process_for_long_on_another_thread(Instance* const p)
{
  Player player = {.p = p, .mode = V3_REALTIME};
  player_start(&player);
  while (is_playing(&player, 9999)) {
    (void)values_read(p);
  }
  player_stop(&player);
}

static void
params_while_processing(Instance* const p)
{
  unsigned seed   = 2;
  Player   player = {.p = p, .changes_values = true};
  player_start(&player);
  while (is_playing(&player, N_BLOCKS)) {
    values_randomise(p, &seed);
    const Values values = values_read(p);
    EXPECT(values_are_normal(p));
    for (int32_t i = 0; i < values.n; ++i) {
      v3_str_128 text;
      EXPECT((*p->controller)
               ->get_parameter_string_for_value(
                 p->controller, values.ids[i], values.normalised[i], text) == V3_OK);
    }
  }
  player_stop(&player);
}

static void
state_while_processing(Instance* const p)
{
  static Handler handler;
  unsigned       seed   = 3;
  Player         player = {.p = p, .handler = &handler, .changes_values = true};
  handler_begin(&handler);
  EXPECT(instance_set_handler(p, &handler) == V3_OK);
  player_start(&player);
  while (is_playing(&player, N_BLOCKS)) {
    Stream stream;
    values_randomise(p, &seed);
    EXPECT(instance_get_state(p, &stream) == V3_OK);
    EXPECT(instance_set_state(p, &stream) == V3_OK);
    stream.position = 0;
    EXPECT((*p->controller)->set_component_state(p->controller, stream_face(&stream)) ==
           V3_OK);
    EXPECT(values_are_normal(p));
  }
  player_stop(&player);
  EXPECT(atomic_load(&handler.n_from_audio) == 0);
  EXPECT(instance_set_handler(p, NULL) == V3_OK);
}

static void
activation_with_a_new_thread_each(Instance* const p)
{
  for (int i = 0; i < 10; ++i) {
    Player player = {.p = p, .changes_values = i % 2};
    player_start(&player);
    while (is_playing(&player, 5)) {
      (void)values_read(p);
    }
    player_stop(&player);
  }
}

/// Live a whole life
static void*
live(void* const argument)
{
  unsigned* const seed = (unsigned*)argument;
  for (int i = 0; i < 3; ++i) {
    Instance     p     = instance_new();
    Sound* const sound = sound_new(&p, BLOCK);
    Stream       stream;
    EXPECT(instance_start(&p, i % 2 ? 48000.0 : RATE, BLOCK, V3_REALTIME));
    for (int j = 0; j < 60; ++j) {
      values_randomise(&p, seed);
      sound_fill(sound, seed);
      EXPECT(sound_run(sound, &p, BLOCK) == V3_OK && sound_is_clean(sound, BLOCK));
      EXPECT(instance_get_state(&p, &stream) == V3_OK);
      EXPECT(instance_set_state(&p, &stream) == V3_OK);
    }
    EXPECT(instance_stop(&p));
    sound_free(sound);
    EXPECT(instance_free(&p) == 0);
  }
  return NULL;
}

static void
instances_in_several_threads(Instance* const p)
{
  (void)p;
  enum { N = 4 };
  pthread_t threads[N];
  unsigned  seeds[N] = {1, 2, 3, 4};
  for (int i = 0; i < N; ++i) {
    CHECK(!pthread_create(&threads[i], NULL, live, &seeds[i]));
  }
  for (int i = 0; i < N; ++i) {
    CHECK(!pthread_join(threads[i], NULL));
  }
}

static void
instances_do_not_share_values(Instance* const p)
{
  unsigned     seed   = 4;
  Instance     other  = instance_new();
  const Values before = values_read(&other);
  values_randomise(p, &seed);
  EXPECT(values_hold(&other, &before));
  EXPECT(instance_free(&other) == 0);
}

/// Free an instance on a thread that did not make it, as some hosts do
static void*
free_it(void* const argument)
{
  EXPECT(instance_free((Instance*)argument) == 0);
  return NULL;
}

static void
freed_on_another_thread(Instance* const p)
{
  (void)p;
  Instance  other = instance_new();
  pthread_t thread;
  EXPECT(instance_start(&other, RATE, BLOCK, V3_REALTIME));
  EXPECT(instance_stop(&other));
  CHECK(!pthread_create(&thread, NULL, free_it, &other));
  CHECK(!pthread_join(thread, NULL));
}

const Check conform_threads[] = {ROW(process_on_another_thread),
                                 ROW(process_for_long_on_another_thread),
                                 ROW(params_while_processing),
                                 ROW(state_while_processing),
                                 ROW(activation_with_a_new_thread_each),
                                 ROW(instances_in_several_threads),
                                 ROW(instances_do_not_share_values),
                                 ROW(freed_on_another_thread),
                                 {NULL, NULL}};
