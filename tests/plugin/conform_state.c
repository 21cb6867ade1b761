/* SPDX-License-Identifier: GPL-3.0-or-later

   The state: saved, restored, at any moment, under any locale. */

#include "conform.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Return whether two streams hold the same
static bool
same(const Stream* const a, const Stream* const b)
{
  return a->n_bytes == b->n_bytes && !memcmp(a->bytes, b->bytes, (size_t)a->n_bytes);
}

static void
state_comes_back(Instance* const p)
{
  unsigned seed = 1;
  for (int i = 0; i < 100; ++i) {
    const Stream saved  = conform_save_random(p, &seed);
    const Values before = values_read(p);
    values_randomise(p, &seed);
    EXPECT(instance_set_state(p, &saved) == V3_OK);
    EXPECT(values_hold(p, &before));
  }
}

static void
state_is_stable(Instance* const p)
{
  unsigned seed = 2;
  for (int i = 0; i < 100; ++i) {
    const Stream saved = conform_save_random(p, &seed);
    const Stream twice = conform_save(p);
    EXPECT(same(&saved, &twice));
    values_randomise(p, &seed);
    EXPECT(instance_set_state(p, &saved) == V3_OK);
    const Stream again = conform_save(p);
    EXPECT(same(&saved, &again));
  }
}

static void
state_of_a_fresh_instance(Instance* const p)
{
  const Stream fresh  = conform_save(p);
  const Values before = values_read(p);
  unsigned     seed   = 3;
  values_randomise(p, &seed);
  EXPECT(instance_set_state(p, &fresh) == V3_OK);
  EXPECT(values_hold(p, &before));
}

/// Check that another instance, restored at some moment, has the values
static void
check_moment(const Instance* const p, const Stream* const saved, const int moment)
{
  Instance     other  = instance_create();
  const Values wanted = values_read(p);
  if (moment == 0) {
    EXPECT(instance_set_state(&other, saved) == V3_OK); // before initialisation
  }
  EXPECT((*other.component)->initialize(other.component, NULL) == V3_OK);
  if (moment == 1) {
    EXPECT(instance_set_state(&other, saved) == V3_OK);
  }
  EXPECT(instance_setup(&other, RATE, BLOCK, V3_REALTIME) == V3_OK);
  if (moment == 2) {
    EXPECT(instance_set_state(&other, saved) == V3_OK);
  }
  EXPECT(instance_set_active(&other, true) == V3_OK);
  Sound* const sound = sound_new(&other, BLOCK);
  if (moment == 3) {
    EXPECT(instance_set_state(&other, saved) == V3_OK);
  }
  EXPECT(sound_run(sound, &other, BLOCK) == V3_OK);
  if (moment == 4) {
    EXPECT(instance_set_state(&other, saved) == V3_OK);
  }
  EXPECT(sound_run(sound, &other, BLOCK) == V3_OK);
  EXPECT(instance_set_active(&other, false) == V3_OK);
  if (moment == 5) {
    EXPECT(instance_set_state(&other, saved) == V3_OK);
  }
  EXPECT(values_hold(&other, &wanted));
  sound_free(sound);
  EXPECT(instance_free(&other) == 0);
}

static void
state_at_every_moment(Instance* const p)
{
  unsigned     seed  = 4;
  const Stream saved = conform_save_random(p, &seed);
  for (int moment = 0; moment < 6; ++moment) {
    check_moment(p, &saved, moment);
  }
}

static void
state_for_the_controller(Instance* const p)
{
  unsigned seed   = 5;
  Stream   saved  = conform_save_random(p, &seed);
  Values   wanted = values_read(p);
  values_randomise(p, &seed);
  EXPECT((*p->controller)->set_component_state(p->controller, stream_face(&saved)) ==
         V3_OK);
  EXPECT(values_hold(p, &wanted));

  Instance other = instance_new(); // as a preset is loaded: both halves, one stream
  EXPECT(instance_set_state(&other, &saved) == V3_OK);
  saved.position = 0;
  EXPECT(
    (*other.controller)->set_component_state(other.controller, stream_face(&saved)) ==
    V3_OK);
  EXPECT(values_hold(&other, &wanted));
  EXPECT(instance_free(&other) == 0);
}

static void
state_of_the_controller(Instance* const p)
{
  // It may have none; one that it writes it must read, and nothing else changes
  unsigned seed = 6;
  Stream   stream;
  values_randomise(p, &seed);
  const Values before = values_read(p);
  stream_begin(&stream, NULL, 0);
  const v3_result wrote =
    (*p->controller)->get_state(p->controller, stream_face(&stream));
  stream.position = 0;
  const v3_result read =
    (*p->controller)->set_state(p->controller, stream_face(&stream));
  EXPECT(wrote != V3_OK || read == V3_OK);
  EXPECT(values_hold(p, &before));
}

static void
state_from_the_middle_of_a_stream(Instance* const p)
{
  // Hosts keep it among other things
  unsigned     seed   = 7;
  const Values wanted = (conform_save_random(p, &seed), values_read(p));
  Stream       stream;
  stream_begin(&stream, "something else, ", 16);
  stream.position = 16;
  EXPECT((*p->component)->get_state(p->component, stream_face(&stream)) == V3_OK);
  EXPECT(!memcmp(stream.bytes, "something else, ", 16));
  values_randomise(p, &seed);
  stream.position = 16;
  EXPECT((*p->component)->set_state(p->component, stream_face(&stream)) == V3_OK);
  EXPECT(values_hold(p, &wanted));
}

static void
state_and_changes_in_any_order(Instance* const p)
{
  unsigned       seed      = 8;
  const Stream   saved     = conform_save_random(p, &seed);
  const Values   wanted    = values_read(p);
  Sound* const   sound     = sound_new(p, BLOCK);
  Changes* const input     = changes_new();
  sound->data.input_params = changes_face(input);
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME));
  for (int i = 0; i < 50; ++i) {
    changes_clear(input);
    for (int32_t j = 0; j < wanted.n; ++j) {
      changes_set(input, wanted.ids[j], draw_fraction(&seed));
    }
    sound_fill(sound, &seed);
    EXPECT(sound_run(sound, p, i % 2 ? BLOCK : 0) == V3_OK);
    EXPECT(!values_hold(p, &wanted)); // what came last holds
    EXPECT(instance_set_state(p, &saved) == V3_OK);
    EXPECT(values_hold(p, &wanted));
    changes_clear(input);
    EXPECT(sound_run(sound, p, BLOCK) == V3_OK);
    EXPECT(values_hold(p, &wanted));
  }
  conform_end(p, sound);
  free(input);
}

static void
state_under_another_locale(Instance* const p)
{
  char     number[16];
  unsigned seed   = 9;
  Stream   plain  = conform_save_random(p, &seed);
  Values   wanted = values_read(p);
  if (!EXPECT(conform_locale && setlocale(LC_NUMERIC, conform_locale))) {
    return;
  }
  snprintf(number, sizeof(number), "%.1f", 1.5);
  EXPECT(!strcmp(number, "1,5")); // or nothing is tested

  const Stream comma = conform_save(p);
  EXPECT(same(&plain, &comma));
  values_randomise(p, &seed);
  EXPECT(instance_set_state(p, &plain) == V3_OK);
  EXPECT(values_hold(p, &wanted));
  for (int32_t i = 0; i < wanted.n; ++i) {
    v3_str_128        there;
    v3_str_128        here;
    double            back = 0.0;
    const v3_param_id id   = wanted.ids[i];
    memset(there, 0, sizeof(there));
    memset(here, 0, sizeof(here));
    struct v3_edit_controller** const c = p->controller;
    EXPECT((*c)->get_parameter_string_for_value(c, id, 0.377, there) == V3_OK);
    EXPECT((*c)->get_parameter_value_for_string(c, id, there, &back) == V3_OK);
    setlocale(LC_NUMERIC, "C");
    EXPECT((*c)->get_parameter_string_for_value(c, id, 0.377, here) == V3_OK);
    EXPECT(!memcmp(here, there, sizeof(here)));
    setlocale(LC_NUMERIC, conform_locale);
  }
  setlocale(LC_NUMERIC, "C");
}

/// Check that a state brings back the highest value of some parameters
static int
check_saved(const Instance* const p, const int32_t flag)
{
  const Values values = values_read(p);
  int          n      = 0;
  for (int32_t i = 0; i < values.n; ++i) {
    struct v3_edit_controller** const c  = p->controller;
    const v3_param_id                 id = values.ids[i];
    if (values.flags[i] & flag) {
      EXPECT((*c)->set_parameter_normalised(c, id, 1.0) == V3_OK);
      const Stream saved = conform_save(p);
      EXPECT((*c)->set_parameter_normalised(c, id, 0.0) == V3_OK);
      EXPECT((*c)->get_parameter_normalised(c, id) <= 0.0);
      EXPECT(instance_set_state(p, &saved) == V3_OK);
      EXPECT((*c)->get_parameter_normalised(c, id) >= 1.0);
      ++n;
    }
  }
  return n;
}

static void
bypass_is_saved(Instance* const p)
{
  EXPECT(check_saved(p, V3_PARAM_IS_BYPASS) == 1);
}

static void
automatable_values_are_saved(Instance* const p)
{
  // pluginval restores each that hosts may automate, and wants it back
  EXPECT(check_saved(p, V3_PARAM_CAN_AUTOMATE) > 0);
}

const Check conform_state[] = {ROW(state_comes_back),
                               ROW(state_is_stable),
                               ROW(state_of_a_fresh_instance),
                               ROW(state_at_every_moment),
                               ROW(state_for_the_controller),
                               ROW(state_of_the_controller),
                               ROW(state_from_the_middle_of_a_stream),
                               ROW(state_and_changes_in_any_order),
                               ROW(state_under_another_locale),
                               ROW(bypass_is_saved),
                               ROW(automatable_values_are_saved),
                               {NULL, NULL}};
