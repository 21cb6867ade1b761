/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/instance.h"

#include "core/reference_file.h"
#include "core/settings.h"
#include "core/worker.h"
#include "python/loader.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The longest that the host waits when it frees the plugin.  A library that Python is
   loading cannot be stopped, and a process that ends meanwhile may crash in it. */
static const Limits end_limits = {.working = 2000, .loading = 30000};

/* The longest that it waits for more sound, offline.  A step takes a fraction of a
   second, but a busy machine may run many instances, one after the other. */
static const Limits wait_limits = {.working = 20000, .loading = PYTHON_LOAD_LIMIT_MS};

struct InstanceImpl {
  _Atomic double   values[N_PARAMS]; ///< Plain; stored by host and audio thread
  References*      references;
  Scope*           scope;
  atomic_bool      restarts; ///< What came in before the next block is stale
  _Atomic uint32_t latency;  ///< Frames, of the activation; 0 while there is none

  /* Main thread, or the audio thread while active */
  Worker*  worker;
  Engine*  engine;                ///< NULL while inactive
  bool     is_guest;              ///< Python was there before us: its lock may be held
  uint32_t n_learned;             ///< References for which `Learn` has been released
  double   host_values[N_PARAMS]; ///< What the host knows
};

/// Those that the plugin itself changes
static const ParamIndex reported[] = {PARAM_STATUS, PARAM_DROPOUTS, PARAM_LEARN};

/* Life */

Instance*
instance_new(void)
{
  Instance* const instance = (Instance*)calloc(1, sizeof(Instance));
  if (!instance) {
    return NULL;
  }
  instance->references = references_new();
  instance->scope      = scope_new();
  instance->worker     = worker_new(python_load_bridge);
  atomic_init(&instance->restarts, false);
  atomic_init(&instance->latency, 0);
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    instance->host_values[i] = params_info((ParamIndex)i)->default_value;
    atomic_init(&instance->values[i], instance->host_values[i]);
  }
  if (!instance->references || !instance->scope || !instance->worker) {
    instance_free(instance);
    return NULL;
  }
  return instance;
}

void
instance_free(Instance* const instance)
{
  if (instance) {
    instance_deactivate(instance);
    // The worker may be inside Python, and a host that is Python may hold its lock
    const ReleasedLock released = python_release_lock();
    (void)worker_free(instance->worker, &end_limits);
    python_retake_lock(released);
    references_leave(instance->references);
    scope_leave(instance->scope);
    free(instance);
  }
}

/* Values */

ParamInfo
instance_param(const Instance* const instance, const ParamIndex index)
{
  ParamInfo info = *params_info(index);
  if (index == PARAM_TARGET) {
    info.n_labels = references_count(instance->references);
    info.labels   = references_names(instance->references);
    info.max      = info.n_labels - 1;
  }
  return info;
}

uint32_t
instance_names_revision(const Instance* const instance)
{
  return references_names_revision(instance->references);
}

double
instance_value(const Instance* const instance, const ParamIndex index)
{
  return atomic_load(&instance->values[index]);
}

void
instance_set_value(Instance* const instance, const ParamIndex index, const double plain)
{
  const ParamInfo info = instance_param(instance, index);
  if (!info.read_only) {
    atomic_store(&instance->values[index], params_round(&info, plain));
  }
}

bool
instance_add_reference(Instance* const    instance,
                       const char* const  path,
                       uint32_t* const    target,
                       const char** const problem)
{
  return reference_file_add(instance->references, path, target, problem);
}

/// Copy all values, each as it is at some moment meanwhile
static void
read_values(const Instance* const instance, double values[N_PARAMS])
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    values[i] = atomic_load(&instance->values[i]);
  }
}

/* For a window */

uint32_t
instance_sounds_revision(const Instance* const instance)
{
  return references_revision(instance->references);
}

Scope*
instance_scope(Instance* const instance)
{
  return instance->scope;
}

/* State */

StateBytes
instance_write_state(Instance* const instance)
{
  double values[N_PARAMS];
  read_values(instance, values);
  const ParamInfo target = instance_param(instance, PARAM_TARGET);
  return state_write(values, &target, instance->references);
}

bool
instance_read_state(Instance* const   instance,
                    const void* const bytes,
                    const size_t      n_bytes)
{
  double values[N_PARAMS];
  read_values(instance, values);
  if (!state_read_sounds(bytes, n_bytes, instance->references)) {
    return false;
  }
  const ParamInfo target = instance_param(instance, PARAM_TARGET);
  (void)state_read(bytes, n_bytes, &target, values);
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    if (!params_info((ParamIndex)i)->unsaved) {
      instance_set_value(instance, (ParamIndex)i, values[i]);
    }
  }
  return true;
}

/* Activation */

static ClipChoice
clip_of(const Instance* const instance)
{
  return (ClipChoice)instance_value(instance, PARAM_CLIP);
}

bool
instance_takes_rate(const double sample_rate)
{
  const bool takes = sample_rate >= ENGINE_MIN_RATE && sample_rate <= ENGINE_MAX_RATE;
  if (!takes) {
    fprintf(stderr,
            "requinto: a sample rate of %g Hz is refused: it must be %d to %d Hz\n",
            sample_rate,
            ENGINE_MIN_RATE,
            ENGINE_MAX_RATE);
  }
  return takes;
}

bool
instance_activate(Instance* const instance,
                  const double    sample_rate,
                  const uint32_t  n_channels,
                  const uint32_t  n_sidechain)
{
  instance_deactivate(instance);
  const EngineSetup setup  = {sample_rate,
                              n_channels,
                              n_sidechain,
                              clip_of(instance),
                              instance->references,
                              instance->scope};
  Engine* const     engine = engine_new(&setup);
  if (!engine || !worker_serve(instance->worker, engine_session(engine))) {
    engine_free(engine);
    return false;
  }
  instance->is_guest  = python_is_there();
  instance->n_learned = 0;
  instance->engine    = engine;
  atomic_store(&instance->restarts, false);
  atomic_store(&instance->latency, engine_latency(sample_rate, setup.clip));
  return true;
}

void
instance_deactivate(Instance* const instance)
{
  if (instance->engine) {
    (void)worker_serve(instance->worker, NULL);
    engine_free(instance->engine);
    instance->engine = NULL;
    atomic_store(&instance->latency, 0);
  }
}

void
instance_show_idle(Instance* const instance)
{
  atomic_store(&instance->values[PARAM_STATUS], STATUS_IDLE);
}

bool
instance_is_active(const Instance* const instance)
{
  return instance->engine;
}

uint32_t
instance_latency(const Instance* const instance, const double sample_rate)
{
  const uint32_t latency = atomic_load(&instance->latency);
  return latency ? latency : instance_next_latency(instance, sample_rate);
}

uint32_t
instance_next_latency(const Instance* const instance, const double sample_rate)
{
  return engine_latency(sample_rate, clip_of(instance));
}

/* Processing */

void
instance_restart(Instance* const instance)
{
  atomic_store(&instance->restarts, true);
}

/// Return what the engine is to do from now on
static BlockControls
controls_of(Instance* const        instance,
            const Transport* const transport,
            const bool             offline)
{
  double values[N_PARAMS];
  read_values(instance, values);
  // A guest's host may be in here with the lock that the worker waits for
  const bool waits = offline && !(instance->is_guest && python_holds_lock());
  return (BlockControls){
    .transport  = transport,
    .stream     = settings_of(values),
    .amount     = values[PARAM_BYPASS] > 0.5 ? 0.0 : values[PARAM_AMOUNT] / 100.0,
    .output     = (OutputChoice)values[PARAM_OUTPUT],
    .compares   = values[PARAM_COMPARE] > 0.5,
    .restarts   = atomic_exchange(&instance->restarts, false),
    .is_offline = offline,
    .limits     = waits ? &wait_limits : NULL};
}

/// Release `Learn` once a reference has been learnt
static void
end_learning(Instance* const instance)
{
  const uint32_t n_learned = engine_n_learned(instance->engine);
  if (n_learned != instance->n_learned) {
    instance->n_learned                = n_learned;
    instance->host_values[PARAM_LEARN] = 1.0;
    atomic_store(&instance->values[PARAM_LEARN], 0.0);
  }
}

static void
store_status(Instance* const instance, const Status status)
{
  const double last = atomic_exchange(&instance->values[PARAM_STATUS], status);
  if (status == STATUS_NO_ANSWER && (Status)last != STATUS_NO_ANSWER) {
    // Offline: where the host's log is read, say once that waiting has timed out
    fprintf(stderr, "requinto: no sound came in time: the dry signal passes\n");
  }
}

void
instance_run(Instance* const        instance,
             const Block            block,
             const Transport* const transport,
             const bool             offline)
{
  Engine* const engine = instance->engine;
  end_learning(instance); // first, so that `Learn` and the status change in one block
  const BlockControls controls = controls_of(instance, transport, offline);
  (void)engine_run(engine, block, &controls);

  // Once is enough, after the block: the engine calls nothing of Python's, and once it
  // is over, it stays so
  if (controls.limits && engine_is_over(engine)) {
    python_hold_thread();
  }
  store_status(instance, engine_status(engine));
  atomic_store(&instance->values[PARAM_DROPOUTS], engine_dropouts(engine));
}

bool
instance_report(Instance* const instance, Report* const report)
{
  for (size_t i = 0; i < sizeof(reported) / sizeof(reported[0]); ++i) {
    const ParamIndex index = reported[i];
    const double     plain = instance_value(instance, index);
    // Of `Learn` the host is notified only of its release, not of what it set itself
    const bool ours =
      params_info(index)->read_only || plain < instance->host_values[index];
    if (ours && fabs(plain - instance->host_values[index]) > 1e-9) {
      instance->host_values[index] = plain;
      *report                      = (Report){index, plain};
      return true;
    }
  }
  return false;
}
