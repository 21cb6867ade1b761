/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  POLL_MS     = 4,    // between looks at a session's ring
  REST_MS     = 1000, // between looks for a session
  FEED_FRAMES = 65536 // of silence at a time, when catching up
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

/// A session being served, by the worker thread alone
typedef struct {
  Session*       session;
  const Bridge*  bridge;     ///< NULL until the first sound
  uint32_t       stream;     ///< 0 until the first sound
  uint64_t       n_received; ///< Frames since activation
  StreamSettings settings;
  float*         input;  ///< Room for a quantum
  float*         output; ///< Room for a quantum
} Job;

/* Exchanging */

static void
fail(Job* const job, const Status status)
{
  if (job->stream) {
    (void)job->bridge->close(job->stream);
    job->stream = 0;
  }
  session_report(job->session, status);
}

/// Return why a call returned 0, and tell whoever reads the host's log
static Status
problem(const Job* const job)
{
  char           text[512] = "";
  const uint32_t kind      = job->bridge->problem(text, sizeof(text));
  if (kind) {
    fprintf(stderr, "requinto: %s\n", text);
  }
  return kind == PROBLEM_MODEL ? STATUS_NO_MODEL : STATUS_PYTHON_ERROR;
}

/// Give the stream the silence that came before it was opened
static bool
feed_silence(Job* const job)
{
  const uint32_t n_channels = job->session->setup.n_channels;
  float* const   silence =
    (float*)calloc((size_t)FEED_FRAMES * n_channels, sizeof(float));
  float* const ignored =
    (float*)calloc((size_t)FEED_FRAMES * n_channels, sizeof(float));

  bool     fed = silence && ignored;
  uint64_t n   = job->n_received;
  while (fed && n && !atomic_load(&job->session->ended)) {
    const uint32_t n_now   = n < FEED_FRAMES ? (uint32_t)n : FEED_FRAMES;
    const Passage  passage = {silence, ignored, n_now};

    fed = job->bridge->exchange(job->stream, &passage) == n_now;
    n -= n_now;
  }

  free(silence);
  free(ignored);
  return fed;
}

/// Load the bridge and open the stream as if it had been open all along
static bool
open_stream(Job* const job, const BridgeLoader load)
{
  session_report(job->session, STATUS_STARTING);
  const Status status = load(&job->bridge);
  if (status_is_failure(status)) {
    fail(job, status);
    return false;
  }

  job->stream = job->bridge->open(&job->session->setup, &job->settings);
  if (!job->stream || !feed_silence(job)) {
    fail(job, problem(job));
    return false;
  }
  session_report(job->session, STATUS_READY);
  return true;
}

/// Act on new settings; `old_quality` is the one before
static void
apply_settings(Job* const job, const uint32_t old_quality)
{
  const bool other_model = job->settings.quality != old_quality;
  if (session_status(job->session) == STATUS_NO_MODEL && !other_model) {
    return; // asked for already, and told
  }
  if (!job->stream) {
    session_report(job->session, STATUS_IDLE);
    return;
  }

  if (other_model) {
    session_report(job->session, STATUS_STARTING);
  }
  if (job->bridge->configure(job->stream, &job->settings)) {
    session_report(job->session, STATUS_READY);
    return;
  }
  const Status status = problem(job);
  if (status == STATUS_NO_MODEL) {
    // The stream goes on as it was, unheard, to be in time if another is chosen
    session_report(job->session, status);
  } else {
    fail(job, status);
  }
}

/// Take settings that hold from here on; return how far they hold, at most `n`
static uint32_t
take_settings(Job* const job, uint32_t n, bool* const changed)
{
  Message message;
  while (ring_peek(job->session->messages, &message, 1)) {
    if (message.at_frame > job->n_received) {
      const uint64_t n_until = message.at_frame - job->n_received;
      return n_until < n ? (uint32_t)n_until : n;
    }
    job->settings = message.settings;
    *changed      = true;
    ring_skip(job->session->messages, 1);
  }
  return n;
}

static bool
is_silent(const float* const samples, const size_t n_samples)
{
  for (size_t i = 0; i < n_samples; ++i) {
    if (samples[i] != 0.0F) {
      return false;
    }
  }
  return true;
}

/// Turn `n` frames of input into as many of output; into silence without a stream
static void
exchange(Job* const job, const uint32_t n, const BridgeLoader load)
{
  const size_t  n_samples = (size_t)n * job->session->setup.n_channels;
  const Passage passage   = {job->input, job->output, n};

  if (!job->stream && !status_is_failure(session_status(job->session)) &&
      !is_silent(job->input, n_samples)) {
    (void)open_stream(job, load);
  }
  if (job->stream && job->bridge->exchange(job->stream, &passage) != n) {
    fail(job, problem(job));
  }
  if (!job->stream) {
    memset(job->output, 0, n_samples * sizeof(float));
  }
}

/// Serve a session for up to a quantum; return false if nothing can be done now
static bool
work(Job* const job, const BridgeLoader load)
{
  Session* const session = job->session;
  const uint32_t quantum = session->quantum;
  if (status_is_final(session_status(session)) || atomic_load(&session->ended) ||
      ring_ready(session->to_worker) < quantum ||
      ring_room(session->from_worker) < quantum) {
    return false;
  }

  bool           changed = false;
  const uint32_t quality = job->settings.quality;
  const uint32_t n       = take_settings(job, quantum, &changed);
  if (changed) {
    apply_settings(job, quality);
  }

  ring_read(session->to_worker, job->input, n);
  exchange(job, n, load);
  ring_write(session->from_worker, job->output, n);
  job->n_received += n;
  os_semaphore_post(session->progress);
  return true;
}

/* Sessions */

static void
begin(Job* const job, Session* const session)
{
  const size_t n_samples =
    session ? (size_t)session->quantum * session->setup.n_channels : 0;

  *job = (Job){.session = session, .settings = {0, 0, BEATS_DETECT, 120.0}};
  if (session) {
    job->input  = (float*)calloc(n_samples, sizeof(float));
    job->output = (float*)calloc(n_samples, sizeof(float));
    if (!job->input || !job->output) {
      fail(job, STATUS_PYTHON_ERROR);
    }
  }
}

static void
end(Job* const job)
{
  if (job->stream) {
    (void)job->bridge->close(job->stream);
  }
  free(job->input);
  free(job->output);
  session_leave(job->session);
  *job = (Job){0};
}

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
    end(job);
    begin(job, next);
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
    } else if (!work(&job, worker->load)) {
      (void)os_semaphore_wait(job.session->wake, POLL_MS);
    }
  }
  end(&job);
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
