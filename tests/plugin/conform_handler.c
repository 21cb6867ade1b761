/* SPDX-License-Identifier: GPL-3.0-or-later

   What the plugin announces to the host's handler: values and latency. */

#include "conform.h"

#include <stdlib.h>

static uint32_t
latency_of(const Instance* const p)
{
  return (*p->processor)->get_latency_samples(p->processor);
}

/// Do something of which the plugin notifies its handler
static void
restore_something(const Instance* const p)
{
  unsigned     seed  = 1;
  const Stream saved = conform_save_random(p, &seed);
  values_randomise(p, &seed);
  EXPECT(instance_set_state(p, &saved) == V3_OK);
}

static void
handlers_come_and_go(Instance* const p)
{
  static Handler one;
  static Handler two;
  handler_begin(&one);
  handler_begin(&two);
  EXPECT(instance_set_handler(p, NULL) == V3_OK);
  restore_something(p); // without a handler
  EXPECT(instance_set_handler(p, &one) == V3_OK);
  EXPECT(instance_set_handler(p, &one) == V3_OK); // the same again
  restore_something(p);
  const int n_restarts = atomic_load(&one.n_restarts);
  EXPECT(instance_set_handler(p, &two) == V3_OK);
  EXPECT(atomic_load(&one.n_refs) == 1);
  restore_something(p);
  EXPECT(atomic_load(&one.n_restarts) == n_restarts);
  const int n_restarts_two = atomic_load(&two.n_restarts);
  EXPECT(instance_set_handler(p, NULL) == V3_OK);
  restore_something(p);
  EXPECT(atomic_load(&two.n_restarts) == n_restarts_two);
  EXPECT(instance_set_handler(p, NULL) == V3_OK);
  EXPECT(atomic_load(&one.n_refs) == 1 && atomic_load(&two.n_refs) == 1);
}

static void
handler_is_let_go(Instance* const p)
{
  (void)p;
  static Handler handler;
  handler_begin(&handler);
  for (int i = 0; i < 10; ++i) {
    Instance other = instance_new();
    EXPECT(instance_set_handler(&other, &handler) == V3_OK);
    restore_something(&other);
    EXPECT(instance_free(&other) == 0);
    EXPECT(atomic_load(&handler.n_refs) == 1);
  }
}

static void
restored_values_are_announced(Instance* const p)
{
  static Handler handler;
  handler_begin(&handler);
  EXPECT(instance_set_handler(p, &handler) == V3_OK);
  restore_something(p);
  EXPECT(atomic_load(&handler.restart_flags) & V3_RESTART_PARAM_VALUES_CHANGED ||
         atomic_load(&handler.n_edits) > 0);
  EXPECT(!(atomic_load(&handler.restart_flags) & V3_RESTART_RELOAD_COMPONENT));
  EXPECT(instance_set_handler(p, NULL) == V3_OK);
}

static void
values_set_by_the_host_are_not_announced(Instance* const p)
{
  // Or host and plugin would notify each other for ever
  static Handler handler;
  unsigned       seed = 2;
  handler_begin(&handler);
  EXPECT(instance_set_handler(p, &handler) == V3_OK);
  for (int i = 0; i < 20; ++i) {
    values_randomise(p, &seed);
  }
  EXPECT(atomic_load(&handler.n_edits) == 0);
  EXPECT(!(atomic_load(&handler.restart_flags) & V3_RESTART_PARAM_VALUES_CHANGED));
  EXPECT(instance_set_handler(p, NULL) == V3_OK);
}

static void
latency_and_tail(Instance* const p)
{
  static const double rates[] = {44100, 48000, 96000, 192000};
  for (int i = 0; i < 4; ++i) {
    EXPECT(instance_start(p, rates[i], BLOCK, V3_REALTIME));
    const double latency_s = latency_of(p) / rates[i];
    EXPECT(latency_s > 0.0 && latency_s < 20.0); // hosts give up beyond some length
    EXPECT((*p->processor)->get_tail_samples(p->processor) < 20 * 192000);
    EXPECT(instance_stop(p));
  }
}

static void
latency_holds_while_active(Instance* const p)
{
  unsigned       seed  = 3;
  Changes* const input = changes_new();
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME));
  const uint32_t latency   = latency_of(p);
  const Values   values    = values_read(p);
  Sound* const   sound     = sound_new(p, BLOCK);
  sound->data.input_params = changes_face(input);
  for (int32_t i = 0; i < 200; ++i) {
    changes_clear(input);
    changes_set(input, values.ids[i % values.n], draw_fraction(&seed));
    sound_fill(sound, &seed);
    EXPECT(sound_run(sound, p, BLOCK) == V3_OK);
    EXPECT(latency_of(p) == latency);
    values_randomise(p, &seed);
    EXPECT(latency_of(p) == latency);
    if (i % 20 == 0) {
      restore_something(p);
      EXPECT(latency_of(p) == latency);
    }
  }
  conform_end(p, sound);
  free(input);
}

/// Set one value, active or not, and return the latency from the next activation
static uint32_t
latency_with(const Instance* const p,
             const v3_param_id     id,
             const double          normalised,
             const bool            while_active)
{
  EXPECT(!while_active || instance_start(p, RATE, BLOCK, V3_REALTIME));
  (void)(*p->controller)->set_parameter_normalised(p->controller, id, normalised);
  EXPECT(!while_active || instance_stop(p));
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME));
  const uint32_t latency = latency_of(p);
  EXPECT(instance_stop(p));
  return latency;
}

/// Check that a latency that a value changes was announced when it was set
static void
check_announced(const Instance* const p, const bool while_active)
{
  static Handler handler;
  const Values   values = values_read(p);
  for (int32_t i = 0; i < values.n; ++i) {
    uint32_t before = latency_with(p, values.ids[i], 0.0, while_active);
    for (int step = 1; step <= 4; ++step) {
      handler_begin(&handler);
      EXPECT(instance_set_handler(p, &handler) == V3_OK);
      const uint32_t after = latency_with(p, values.ids[i], step / 4.0, while_active);
      EXPECT(after == before ||
             (atomic_load(&handler.restart_flags) & V3_RESTART_LATENCY_CHANGED));
      EXPECT(instance_set_handler(p, NULL) == V3_OK);
      before = after;
    }
  }
}

static void
changed_latency_is_announced(Instance* const p)
{
  check_announced(p, true);
}

static void
latency_changed_while_inactive_is_announced(Instance* const p)
{
  check_announced(p, false);
}

const Check conform_handler[] = {ROW(handlers_come_and_go),
                                 ROW(handler_is_let_go),
                                 ROW(restored_values_are_announced),
                                 ROW(values_set_by_the_host_are_not_announced),
                                 ROW(latency_and_tail),
                                 ROW(latency_holds_while_active),
                                 ROW(changed_latency_is_announced),
                                 ROW(latency_changed_while_inactive_is_announced),
                                 {NULL, NULL}};
