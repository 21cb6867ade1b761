/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/worker.h"

#include "os/running_clock.h"

#include <stdlib.h>

enum {
  POLL_MS  = 4,    // between looks at a session's ring
  REST_MS  = 1000, // between looks for a session
  SLICE_MS = 20    // between looks at what a thread is doing that is to end
};

struct WorkerImpl {
  BridgeLoader     load;
  OsMutex*         mutex;   ///< Guards `next`, `changed` and `served`
  OsSemaphore*     wake;    ///< Posted when there is something new
  Session*         next;    ///< To be served from now on, may be NULL
  bool             changed; ///< `next` is new
  Session*         served;  ///< That of `service`, for others to look at; may be NULL
  Service          service; ///< The thread's alone while it runs
  OsThread*        thread;  ///< NULL until it runs; main thread only
  uint32_t         process; ///< In which it runs
  atomic_bool      quit;
  atomic_bool      has_left;   ///< The thread is no owner any more
  _Atomic uint32_t step_began; ///< `running_ms` when the thread turned to what it does
  atomic_uint      n_owners;   ///< The thread is one
};

/* Sessions */

/// Turn to another session if there is one
static void
switch_session(Worker* const worker)
{
  os_mutex_lock(worker->mutex);
  const bool     changed = worker->changed;
  Session* const next    = worker->next;
  if (changed) {
    worker->changed = false;
    worker->next    = NULL;
    worker->served  = next;
  }
  os_mutex_unlock(worker->mutex);

  if (changed) {
    service_end(&worker->service);
    service_begin(&worker->service, next);
  }
}

static void
stop_serving(Worker* const worker)
{
  os_mutex_lock(worker->mutex);
  worker->served = NULL;
  os_mutex_unlock(worker->mutex);
}

static void
leave(Worker* const worker)
{
  if (atomic_fetch_sub(&worker->n_owners, 1) == 1) {
    session_leave(worker->next);
    os_mutex_free(worker->mutex);
    os_semaphore_free(worker->wake);
    free(worker);
  }
}

static void
run(void* const argument)
{
  Worker* const  worker  = (Worker*)argument;
  Service* const service = &worker->service;
  while (!atomic_load(&worker->quit)) {
    atomic_store(&worker->step_began, running_ms());
    switch_session(worker);
    if (!service->session) {
      (void)os_semaphore_wait(worker->wake, REST_MS);
    } else if (!service_work(service, worker->load)) {
      (void)os_semaphore_wait(service->session->wake, POLL_MS);
    }
  }
  stop_serving(worker);
  service_end(service);
  atomic_store(&worker->has_left, true);
  leave(worker);
}

/* Life */

Worker*
worker_new(const BridgeLoader load)
{
  Worker* const worker = (Worker*)calloc(1, sizeof(Worker));
  if (!worker) {
    return NULL;
  }

  worker->load  = load;
  worker->mutex = os_mutex_new();
  worker->wake  = os_semaphore_new();
  atomic_init(&worker->quit, false);
  atomic_init(&worker->has_left, false);
  atomic_init(&worker->step_began, running_ms());
  atomic_init(&worker->n_owners, 1);
  if (!worker->mutex || !worker->wake) {
    leave(worker);
    return NULL;
  }
  return worker;
}

/// Return whether what the thread is doing has taken longer than it may
static bool
is_stuck(Worker* const worker, const Limits* const limits)
{
  os_mutex_lock(worker->mutex);
  const uint32_t limit =
    worker->served ? session_limit(worker->served, limits) : limits->working;
  os_mutex_unlock(worker->mutex);
  return running_ms_since(atomic_load(&worker->step_began)) > limit;
}

/// Wait for the thread's end and return true, or let it be and return false
static bool
end_thread(Worker* const worker, const Limits* const limits)
{
  // Libraries tidy up after a thread: if the host ended its process meanwhile, they
  // would be tidying at exit too, and free the same things twice
  while (!os_thread_join(worker->thread, SLICE_MS)) {
    if (is_stuck(worker, limits)) {
      os_thread_detach(worker->thread);
      return false;
    }
  }
  if (!atomic_load(&worker->has_left)) { // Python ended it amid a call
    service_drop(&worker->service);
    leave(worker);
  }
  return true;
}

/// Forget a thread that did not come along when this process was forked
static void
forget_foreign_thread(Worker* const worker)
{
  static const Limits none = {0};
  if (worker->thread && worker->process != os_this_process()) {
    (void)end_thread(worker, &none);
    worker->thread = NULL;
    worker->served = NULL;
  }
}

static bool
start(Worker* const worker)
{
  forget_foreign_thread(worker);
  if (!worker->thread) {
    os_pin_self(); // the thread may outlive the plugin
    atomic_fetch_add(&worker->n_owners, 1);
    atomic_store(&worker->step_began, running_ms());
    worker->process = os_this_process();
    worker->thread  = os_thread_start(run, worker);
    if (!worker->thread) {
      atomic_fetch_sub(&worker->n_owners, 1);
    }
  }
  return worker->thread;
}

bool
worker_serve(Worker* const worker, Session* const session)
{
  if (session && !start(worker)) {
    return false;
  }

  os_mutex_lock(worker->mutex);
  Session* const unserved = worker->next;
  worker->next            = session_share(session);
  worker->changed         = true;
  os_mutex_unlock(worker->mutex);

  session_leave(unserved);
  os_semaphore_post(worker->wake);
  return true;
}

bool
worker_free(Worker* const worker, const Limits* const limits)
{
  if (!worker) {
    return true;
  }
  atomic_store(&worker->quit, true);
  os_semaphore_post(worker->wake);
  const bool ended = !worker->thread || end_thread(worker, limits);
  leave(worker);
  return ended;
}
