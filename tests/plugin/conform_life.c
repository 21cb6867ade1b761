/* SPDX-License-Identifier: GPL-3.0-or-later

   The life of an instance: initialisation, set-up, activation, in every order. */

#include "conform.h"

#include "check.h"

#include <math.h>

static const struct v3_component*
table(const Instance* const p)
{
  return *p->component;
}

static v3_result
set_processing(const Instance* const p, const bool on)
{
  return (*p->processor)->set_processing(p->processor, on);
}

static void
initialize_and_terminate_repeat(Instance* const p)
{
  Context context;
  context_begin(&context);
  for (int i = 0; i < 20; ++i) {
    EXPECT(table(p)->terminate(p->component) == V3_OK);
    EXPECT(table(p)->initialize(p->component, i % 2 ? context_face(&context) : NULL) ==
           V3_OK);
  }
  EXPECT(table(p)->terminate(p->component) == V3_OK);
  EXPECT(atomic_load(&context.n_refs) == 1); // nothing of the host's is kept
  EXPECT(table(p)->initialize(p->component, NULL) == V3_OK);
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME) && instance_stop(p));
}

static void
both_halves_are_initialised(Instance* const p)
{
  // Hosts that do not see that both are one do this
  (void)(*p->controller)->initialize(p->controller, NULL);
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME) && instance_stop(p));
  (void)(*p->controller)->terminate(p->controller);
}

static void
terminate_while_active(Instance* const p)
{
  unsigned     seed  = 1;
  Sound* const sound = conform_begin(p, BLOCK, BLOCK);
  sound_fill(sound, &seed);
  EXPECT(sound_run(sound, p, BLOCK) == V3_OK);
  EXPECT(table(p)->terminate(p->component) == V3_OK);
  EXPECT(table(p)->initialize(p->component, NULL) == V3_OK);
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME));
  EXPECT(sound_run(sound, p, BLOCK) == V3_OK);
  sound_free(sound);
}

static void
release_without_an_end(Instance* const p)
{
  (void)p;
  for (int i = 0; i < 4; ++i) {
    Instance other = instance_new();
    EXPECT(instance_start(&other, RATE, BLOCK, V3_REALTIME));
    EXPECT(instance_release(&other) == 0); // neither stopped nor terminated
  }
}

/// Switch the main bus of both directions
static void
switch_main_buses(const Instance* const p, const bool on)
{
  EXPECT(table(p)->activate_bus(p->component, V3_AUDIO, V3_INPUT, 0, on) == V3_OK);
  EXPECT(table(p)->activate_bus(p->component, V3_AUDIO, V3_OUTPUT, 0, on) == V3_OK);
}

static void
valid_transitions(Instance* const p)
{
  switch_main_buses(p, true);
  for (int i = 0; i < 4; ++i) {
    EXPECT(instance_setup(p, RATE, MAX_BLOCK, V3_REALTIME) == V3_OK);
    EXPECT(instance_set_active(p, true) == V3_OK);
    EXPECT(instance_set_active(p, false) == V3_OK);
    switch_main_buses(p, false);
    EXPECT(table(p)->terminate(p->component) == V3_OK);
    EXPECT(table(p)->initialize(p->component, NULL) == V3_OK);
    if (i < 2) { // from then on they are not switched on again
      switch_main_buses(p, true);
    }
  }
}

static void
suspend_and_resume(Instance* const p)
{
  for (int i = 0; i < 3; ++i) {
    EXPECT((*p->processor)->can_process_sample_size(p->processor, V3_SAMPLE_32) ==
           V3_OK);
    EXPECT(instance_setup(p, RATE, BLOCK, V3_REALTIME) == V3_OK);
    EXPECT(instance_set_active(p, true) == V3_OK);
    EXPECT(instance_set_active(p, false) == V3_OK);
  }
}

static void
repeated_transitions(Instance* const p)
{
  // What is answered is left open; that it goes on is not
  unsigned     seed  = 1;
  Sound* const sound = sound_new(p, BLOCK);
  (void)table(p)->initialize(p->component, NULL);
  (void)instance_set_active(p, false);
  EXPECT(instance_setup(p, RATE, BLOCK, V3_REALTIME) == V3_OK);
  EXPECT(instance_set_active(p, true) == V3_OK);
  (void)instance_set_active(p, true);
  (void)set_processing(p, true);
  (void)set_processing(p, true);
  EXPECT(sound_plays(sound, p, BLOCK, &seed));
  (void)set_processing(p, false);
  (void)set_processing(p, false);
  EXPECT(instance_set_active(p, false) == V3_OK);
  (void)instance_set_active(p, false);
  (void)table(p)->terminate(p->component);
  (void)table(p)->terminate(p->component);
  EXPECT(table(p)->initialize(p->component, NULL) == V3_OK);
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME) && instance_stop(p));
  sound_free(sound);
}

/// Run a block, at a moment at which none is expected; only damage is refused
static void
run_untimely(const Instance* const p)
{
  unsigned     seed  = 7;
  Sound* const sound = sound_new(p, BLOCK);
  sound_fill(sound, &seed);
  if (sound_run(sound, p, BLOCK) == V3_OK) {
    EXPECT(sound_is_clean(sound, BLOCK));
  }
  (void)sound_run(sound, p, 0);
  sound_free(sound);
}

static void
process_at_the_wrong_time(Instance* const p)
{
  run_untimely(p); // before set-up
  EXPECT(instance_setup(p, RATE, BLOCK, V3_REALTIME) == V3_OK);
  run_untimely(p); // before activation
  EXPECT(instance_set_active(p, true) == V3_OK);
  run_untimely(p); // before set_processing
  EXPECT(set_processing(p, true) == V3_OK);
  EXPECT(set_processing(p, false) == V3_OK);
  run_untimely(p); // after its end
  EXPECT(instance_set_active(p, false) == V3_OK);
  run_untimely(p); // after deactivation
  EXPECT(table(p)->terminate(p->component) == V3_OK);
  run_untimely(p);
  EXPECT(table(p)->initialize(p->component, NULL) == V3_OK);
}

static void
activate_without_setup(Instance* const p)
{
  EXPECT(instance_set_active(p, true) == V3_OK);
  run_untimely(p);
  EXPECT(instance_set_active(p, false) == V3_OK);
}

/// Make one call of those that a host may make at any time
static void
call_something(const Instance* const p, Sound* const sound, unsigned* const seed)
{
  static const double rates[] = {22050.0, 44100.0, 48000.0, 96000.0, 0.0};
  Stream              stream;
  switch (draw(seed) % 10) {
    case 0:
      (void)instance_setup(p, rates[draw(seed) % 5], BLOCK, V3_REALTIME);
      break;
    case 1:
      (void)instance_set_active(p, draw(seed) % 2);
      break;
    case 2:
      (void)set_processing(p, draw(seed) % 2);
      break;
    case 3:
      (void)table(p)->activate_bus(
        p->component, V3_AUDIO, (int32_t)(draw(seed) % 2), 0, draw(seed) % 2);
      break;
    case 4:
      EXPECT(instance_get_state(p, &stream) == V3_OK);
      EXPECT(instance_set_state(p, &stream) == V3_OK);
      break;
    case 5:
      values_randomise(p, seed);
      break;
    case 6:
      (void)(*p->processor)->get_latency_samples(p->processor);
      (void)(*p->processor)->get_tail_samples(p->processor);
      break;
    case 7:
      (void)table(p)->terminate(p->component);
      (void)table(p)->initialize(p->component, NULL);
      break;
    default:
      sound_fill(sound, seed);
      if (sound_run(sound, p, (int32_t)(draw(seed) % BLOCK)) == V3_OK) {
        EXPECT(sound_is_within(sound, sound->data.nframes));
      }
  }
}

static void
any_order_of_calls(Instance* const p)
{
  unsigned     seed  = 20;
  Sound* const sound = sound_new(p, BLOCK);
  for (int i = 0; i < 1500; ++i) {
    call_something(p, sound, &seed);
  }
  (void)instance_set_active(p, false);
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME) && instance_stop(p));
  EXPECT(values_are_normal(p));
  sound_free(sound);
}

/// Set up at a rate; if that is accepted, run some blocks
static bool
try_rate(const Instance* const p, const double rate)
{
  unsigned seed = 3;
  if (instance_setup(p, rate, BLOCK, V3_REALTIME) != V3_OK) {
    return false;
  }
  Sound* const sound = sound_new(p, BLOCK);
  EXPECT(instance_set_active(p, true) == V3_OK);
  EXPECT(set_processing(p, true) == V3_OK);
  for (int i = 0; i < 3; ++i) {
    EXPECT(sound_plays(sound, p, BLOCK, &seed));
  }
  conform_end(p, sound);
  return true;
}

static void
rates_of_any_kind(Instance* const p)
{
  static const double rates[] = {
    8000, 11025, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000, 384000};
  static const double odd[] = {1234.5678, 12345.678, 123456.78, 1234567.8};
  for (int i = 0; i < 11; ++i) {
    EXPECT(try_rate(p, rates[i]));
  }
  for (int i = 0; i < 4; ++i) {
    (void)try_rate(p, odd[i]);
  }
}

static void
rates_that_make_no_sense(Instance* const p)
{
  static const double absurd[] = {
    0.0, -1.0, -44100.0, 1e-300, 0.5, 1e12, 1e308, INFINITY, -INFINITY, NAN};
  EXPECT(instance_setup(p, 48000.0, BLOCK, V3_REALTIME) == V3_OK);
  const uint32_t latency = (*p->processor)->get_latency_samples(p->processor);
  for (int i = 0; i < 10; ++i) {
    EXPECT(instance_setup(p, absurd[i], BLOCK, V3_REALTIME) != V3_OK);
    EXPECT((*p->processor)->get_latency_samples(p->processor) == latency);
    // At the rate before, it would play wrongly in a host that goes on all the same
    EXPECT(instance_set_active(p, true) != V3_OK);
  }
  EXPECT(try_rate(p, 48000.0));
}

static void
block_sizes_that_make_no_sense(Instance* const p)
{
  static const int32_t absurd[] = {0, 1, -1, INT32_MIN, INT32_MAX, 1 << 30, 3};
  for (int i = 0; i < 7; ++i) {
    if (instance_setup(p, RATE, absurd[i], V3_REALTIME) == V3_OK) {
      EXPECT(instance_set_active(p, true) == V3_OK);
      run_untimely(p);
      EXPECT(instance_set_active(p, false) == V3_OK);
    }
  }
  static const int32_t modes[] = {V3_REALTIME, V3_PREFETCH, V3_OFFLINE, 3, -1};
  for (int i = 0; i < 5; ++i) {
    const v3_result result = instance_setup(p, RATE, BLOCK, modes[i]);
    EXPECT(i > 2 || result == V3_OK);
  }
}

static void
setup_while_active(Instance* const p)
{
  EXPECT(instance_start(p, 48000.0, BLOCK, V3_REALTIME));
  const uint32_t latency = (*p->processor)->get_latency_samples(p->processor);
  (void)instance_setup(p, 96000.0, BLOCK, V3_REALTIME);
  EXPECT((*p->processor)->get_latency_samples(p->processor) == latency);
  run_untimely(p);
  EXPECT(instance_stop(p));
}

const Check conform_life[] = {ROW(initialize_and_terminate_repeat),
                              ROW(both_halves_are_initialised),
                              ROW(terminate_while_active),
                              ROW(release_without_an_end),
                              ROW(valid_transitions),
                              ROW(suspend_and_resume),
                              ROW(repeated_transitions),
                              ROW(process_at_the_wrong_time),
                              ROW(activate_without_setup),
                              ROW(any_order_of_calls),
                              ROW(rates_of_any_kind),
                              ROW(rates_that_make_no_sense),
                              ROW(block_sizes_that_make_no_sense),
                              ROW(setup_while_active),
                              {NULL, NULL}};
