/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "worker.h"

#include <stdlib.h>

enum {
  POLL_MS = 4,   // between looks at a session's ring
  REST_MS = 1000 // between looks for a session
};

struct WorkerImpl {
  BridgeLoader load;
  OsMutex*     mutex;   ///< Guards `next` and `changed`
  OsSemaphore* wake;    ///< Posted when there is something new
  OsSemaphore* done;    ///< Posted when the thread is about to end
  Session*     next;    ///< To be served from now on, may be NULL
  bool         changed; ///< `next` is new
  OsThread*    thread;  ///< NULL until it runs; main thread only
  atomic_bool  quit;
  atomic_uint  n_owners; ///< The thread is one
};

/* Sessions */

/// Turn to another session if there is one
static void
turn(Worker* const worker, Job* const job)
{
  os_mutex_lock(worker->mutex);
  const bool     changed = worker->changed;
  Session* const next    = worker->next;
  if (changed) {
    worker->changed = false;
    worker->next    = NULL;
  }
  os_mutex_unlock(worker->mutex);

  if (changed) {
    job_end(job);
    job_begin(job, next);
  }
}

static void
leave(Worker* const worker)
{
  if (atomic_fetch_sub(&worker->n_owners, 1) == 1) {
    session_leave(worker->next);
    os_mutex_free(worker->mutex);
    os_semaphore_free(worker->wake);
    os_semaphore_free(worker->done);
    free(worker);
  }
}

static void
run(void* const argument)
{
  Worker* const worker = (Worker*)argument;
  Job           job    = {0};
  while (!atomic_load(&worker->quit)) {
    turn(worker, &job);
    if (!job.session) {
      (void)os_semaphore_wait(worker->wake, REST_MS);
    } else if (!job_work(&job, worker->load)) {
      (void)os_semaphore_wait(job.session->wake, POLL_MS);
    }
  }
  job_end(&job);
  os_semaphore_post(worker->done);
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
  worker->done  = os_semaphore_new();
  atomic_init(&worker->quit, false);
  atomic_init(&worker->n_owners, 1);
  if (!worker->mutex || !worker->wake || !worker->done) {
    leave(worker);
    return NULL;
  }
  return worker;
}

static bool
start(Worker* const worker)
{
  if (!worker->thread) {
    os_pin_self(); // the thread may outlive the plugin
    atomic_fetch_add(&worker->n_owners, 1);
    worker->thread = os_thread_start(run, worker);
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
worker_free(Worker* const worker, const uint32_t limit_ms)
{
  if (!worker) {
    return true;
  }
  atomic_store(&worker->quit, true);
  os_semaphore_post(worker->wake);
  const bool ended = !worker->thread || os_semaphore_wait(worker->done, limit_ms);
  if (worker->thread && ended) {
    // Libraries tidy up after a thread: if the host ended its process meanwhile,
    // they would be tidying at exit too, and free the same things twice
    os_thread_join(worker->thread);
  } else if (worker->thread) {
    os_thread_detach(worker->thread);
  }
  leave(worker);
  return ended;
}
