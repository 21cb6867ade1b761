/* SPDX-License-Identifier: GPL-3.0-or-later

   What an instance reports to its host block by block.  fake_loader.c stands in for
   python/loader.c. */

#include "check.h"

#include "core/instance.h"
#include "fake_loader.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// What a host knows of a run
typedef struct {
  Instance* instance;
  double    values[N_PARAMS]; ///< Last set or reported
  int       n_blocks;
  float     output; ///< Last sample of the last block
} Host;

static Host
activate(void)
{
  Host host = {.instance = instance_new()};
  CHECK(host.instance && instance_activate(host.instance, RATE, 1, 0));
  return host;
}

static void
set(Host* const host, const ParamIndex index, const double value)
{
  instance_set_value(host->instance, index, value);
  host->values[index] = value;
}

/// Run a block of sound, and take what is reported with it
static void
run_one(Host* const host, const bool offline)
{
  float sound[BLOCK];
  for (int i = 0; i < BLOCK; ++i) {
    sound[i] = 0.5F;
  }
  const Block block = {.input = {sound}, .output = {sound}, .n_frames = BLOCK};
  instance_run(host->instance, block, NULL, offline);
  for (Report report; instance_report(host->instance, &report);) {
    host->values[report.index] = report.plain;
  }
  ++host->n_blocks;
  host->output = sound[BLOCK - 1];
}

static void
run_many(Host* const host, const int n)
{
  for (int i = 0; i < n; ++i) {
    run_one(host, true);
  }
}

static bool
is_on(const Host* const host, const ParamIndex index)
{
  return host->values[index] > 0.5;
}

static Status
status_of(const Host* const host)
{
  return (Status)host->values[PARAM_STATUS];
}

/// `Learn`, the status and the stream's settings leave the bar in one block
static void
test_learn_is_released_with_the_status(void)
{
  enum { MAX_WAIT = 1000 };
  reset_script();
  Host host = activate();
  run_many(&host, 40);
  CHECK(status_of(&host) == STATUS_READY && !atomic_load(&script.learn));
  for (int k = 1; k <= 3; ++k) {
    set(&host, PARAM_LEARN, 1.0);
    run_many(&host, 40);
    CHECK(is_on(&host, PARAM_LEARN) && status_of(&host) == STATUS_LEARNING);
    CHECK(atomic_load(&script.learn) == 1);

    atomic_store(&script.learns, 1);
    const int end = host.n_blocks + MAX_WAIT;
    while (is_on(&host, PARAM_LEARN) && host.n_blocks < end) {
      run_one(&host, true);
      CHECK(is_on(&host, PARAM_LEARN) == (status_of(&host) == STATUS_LEARNING));
    }
    CHECK(!is_on(&host, PARAM_LEARN) && status_of(&host) == STATUS_READY);
    CHECK(instance_value(host.instance, PARAM_LEARN) < 0.5);
    const uint32_t n_frames = (uint32_t)(host.n_blocks - 1) * BLOCK; // before the last
    run_many(&host, 40);
    CHECK(!atomic_load(&script.learn) && atomic_load(&script.changed_at) == n_frames);
  }
  instance_free(host.instance);
}

/// The host's thread is kept from Python where it waited for sound that will not come
static void
test_a_thread_is_held_where_the_wait_is_over(void)
{
  reset_script();
  fake_loader_n_held = 0;
  Host host          = activate();
  run_many(&host, 40);
  CHECK(!fake_loader_n_held);
  instance_free(host.instance);

  atomic_store(&script.load_outcome, BRIDGE_NO_PYTHON);
  host = activate();
  run_many(&host, 40);
  CHECK(status_of(&host) == STATUS_NO_PYTHON && fake_loader_n_held);
  fake_loader_n_held = 0;
  run_one(&host, true);
  CHECK(fake_loader_n_held == 1);
  run_one(&host, false); // live: it did not wait
  CHECK(fake_loader_n_held == 1);
  instance_free(host.instance);
}

/// One scope shows all activations, each as a stream of its own
static void
test_a_scope_outlives_activations(void)
{
  reset_script();
  Host         host  = activate();
  Scope* const scope = instance_scope(host.instance);
  CHECK(scope && scope_open(scope));
  for (uint32_t k = 1; k <= 3; ++k) {
    run_many(&host, 40);
    const ScopeClock clock = scope_clock(scope);
    CHECK(clock.stream == k && clock.n_received > 20 * BLOCK);
    CHECK(clock.latency_frames == instance_latency(host.instance, RATE));
    Column column;
    CHECK(scope_read(scope, &column, 1) == 1 && column.n_frames == COLUMN);
    CHECK(instance_activate(host.instance, RATE, 1, 0));
    CHECK(instance_scope(host.instance) == scope);
  }
  instance_free(host.instance);
}

/// `Compare` lets the input out; a state neither has it nor changes it
static void
test_compare(void)
{
  reset_script();
  Host host = activate();
  run_many(&host, 100);
  CHECK(host.output > 1.0F); // a frame's number
  const StateBytes off = instance_write_state(host.instance);
  set(&host, PARAM_COMPARE, 1.0);
  run_many(&host, 2);
  CHECK(fabsf(host.output - 0.5F) < 1e-6F);

  const StateBytes on = instance_write_state(host.instance);
  CHECK(on.n_bytes == off.n_bytes && !memcmp(on.bytes, off.bytes, on.n_bytes));
  CHECK(instance_read_state(host.instance, off.bytes, off.n_bytes));
  CHECK(instance_value(host.instance, PARAM_COMPARE) > 0.5);
  run_one(&host, true);
  CHECK(fabsf(host.output - 0.5F) < 1e-6F);
  set(&host, PARAM_COMPARE, 0.0);
  run_many(&host, 2);
  CHECK(host.output > 1.0F);
  free(on.bytes);
  free(off.bytes);
  instance_free(host.instance);
}

/// A file that is added becomes the target of the sound that follows, is in the state,
/// and is there when a host undoes and repeats the choice
static void
test_a_reference_is_added(void)
{
  static const char path[] = "test_instance_solo.wav";
  FILE* const       file   = fopen(path, "wb");
  CHECK(file && fwrite("a solo", 1, 6, file) == 6 && !fclose(file));
  reset_script();
  Host host = activate();
  run_many(&host, 40);
  CHECK(!atomic_load(&script.n_bytes));

  const uint32_t names  = instance_names_revision(host.instance);
  const uint32_t n      = instance_param(host.instance, PARAM_TARGET).n_labels;
  const char*    why    = NULL;
  uint32_t       target = 0;
  CHECK(instance_add_reference(host.instance, path, &target, &why) && !why[0]);
  CHECK(!remove(path) && names != instance_names_revision(host.instance));
  const ParamInfo row = instance_param(host.instance, PARAM_TARGET);
  CHECK(target == n && row.n_labels == n + 1);
  CHECK(!strcmp(row.labels[target], "test_instance_solo"));
  for (int i = 0; i < 3; ++i) {
    set(&host, PARAM_TARGET, target);
    run_many(&host, 40);
    CHECK(atomic_load(&script.target) == target && atomic_load(&script.n_bytes) == 6);
    const StateBytes state = instance_write_state(host.instance);
    set(&host, PARAM_TARGET, 0.0);
    run_many(&host, 40);
    CHECK(atomic_load(&script.target) == 0);

    Instance* const other = instance_new();
    CHECK(instance_read_state(other, state.bytes, state.n_bytes));
    const uint32_t there = (uint32_t)instance_value(other, PARAM_TARGET);
    CHECK(
      !strcmp(instance_param(other, PARAM_TARGET).labels[there], "test_instance_solo"));
    const StateBytes again = instance_write_state(other);
    CHECK(again.n_bytes == state.n_bytes &&
          !memcmp(again.bytes, state.bytes, state.n_bytes));
    free(state.bytes);
    free(again.bytes);
    instance_free(other);
  }
  CHECK(!instance_add_reference(host.instance, path, &target, &why) && why[0]);
  instance_free(host.instance);
}

int
main(void)
{
  test_learn_is_released_with_the_status();
  test_a_thread_is_held_where_the_wait_is_over();
  test_a_scope_outlives_activations();
  test_compare();
  test_a_reference_is_added();
  return 0;
}
