/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEED_FRAMES = 65536 }; // of silence at a time, when catching up

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

/// Return whether a target is the user's own: a reference, not a built-in name
static bool
is_reference(const Job* const job, const uint32_t target)
{
  return target >= references_learned(job->session->references);
}

/// Return why a call returned 0, and tell whoever reads the host's log
static Status
problem(const Job* const job)
{
  References* const references = job->session->references;
  const uint32_t    target     = job->settings.target;
  const char* const unread     = references_problem(references, target);
  char              text[512]  = "";
  const uint32_t    kind       = job->bridge->problem(text, sizeof(text));
  if (kind == PROBLEM_REFERENCE && is_reference(job, target)) {
    char name[REFERENCES_MAX_SHOWN];
    reference_name_show(params_label(references_names(references), target), name);
    fprintf(stderr, "requinto: %s: %s\n", name, unread[0] ? unread : text);
  } else if (kind) {
    fprintf(stderr, "requinto: %s\n", text);
  }
  return kind == PROBLEM_MODEL       ? STATUS_NO_MODEL
         : kind == PROBLEM_REFERENCE ? STATUS_NO_REFERENCE
                                     : STATUS_PYTHON_ERROR;
}

/// Have the stream follow the settings; return how that went
static Status
configure(const Job* const job)
{
  References* const references = job->session->references;
  SoundFile* const  sound      = references_sound(references, job->settings.target);
  const Reference   reference  = {is_reference(job, job->settings.target),
                               sound ? sound->n_bytes : 0,
                               sound ? sound->bytes : NULL};

  const bool done = job->bridge->configure(job->stream, &job->settings, &reference);
  free(sound);
  return done ? STATUS_READY : problem(job);
}

/// Go on with what `configure` returned
static void
settle(Job* const job, const Status status)
{
  if (status_is_final(status)) {
    fail(job, status);
  } else {
    // Without a model or reference the stream goes on as it was, unheard, to be
    // in time if another is chosen
    session_report(job->session, status);
  }
}

/// Give the stream the silence that came before it was opened
static bool
feed_silence(Job* const job)
{
  const StreamSetup* const setup   = &job->session->setup;
  const size_t             n_in    = setup->n_channels + setup->n_sidechain;
  float* const             silence = (float*)calloc(FEED_FRAMES * n_in, sizeof(float));
  float* const             ignored = (float*)calloc(FEED_FRAMES * n_in, sizeof(float));

  bool     fed = silence && ignored;
  uint64_t n   = job->n_received;
  while (fed && n && !atomic_load(&job->session->ended)) {
    const uint32_t n_now   = n < FEED_FRAMES ? (uint32_t)n : FEED_FRAMES;
    const Passage  passage = {silence, ignored, n_now};

    fed = job->bridge->exchange(job->stream, &passage) == n_now;
    n -= n_now;
    session_advance(job->session);
  }

  free(silence);
  free(ignored);
  return fed;
}

/// Tell the stream where the host is now
static bool
locate(Job* const job)
{
  HostPosition position = job->position;
  const double passed   = (double)(job->n_received - job->located);
  position.quarter +=
    passed * position.tempo_bpm / (60.0 * job->session->setup.sample_rate);
  return job->bridge->locate(job->stream, &position);
}

/// Load the bridge and open the stream as if it had been open all along
static void
open_stream(Job* const job, const BridgeLoader load)
{
  session_report(job->session, STATUS_STARTING);
  const Status status = load(&job->bridge);
  if (status_is_failure(status)) {
    fail(job, status);
    return;
  }

  job->stream          = job->bridge->open(&job->session->setup);
  const Status outcome = job->stream ? configure(job) : problem(job);
  if (!job->stream || status_is_final(outcome)) {
    fail(job, outcome);
  } else if (!feed_silence(job) || !locate(job)) {
    fail(job, problem(job));
  } else {
    settle(job, outcome); // not before: until here whoever waits is patient
  }
}

/// Return whether new settings ask for what could not be had, again
static bool
is_in_vain(const Job* const            job,
           const StreamSettings* const old,
           const bool                  other_sound)
{
  const Status status  = session_status(job->session);
  const bool   quality = job->settings.quality != old->quality;
  const bool   target  = other_sound || job->settings.target != old->target;
  return (status == STATUS_NO_MODEL && !quality) ||
         (status == STATUS_NO_REFERENCE && !target && !quality &&
          job->settings.learn == old->learn);
}

/// Return whether new settings may take networks that have not been loaded yet
static bool
takes_networks(const Job* const job, const StreamSettings* const old)
{
  const StreamSettings* const new = &job->settings;
  return new->quality != old->quality || new->beat_source != old->beat_source ||
         is_reference(job, new->target) != is_reference(job, old->target);
}

static void
apply_settings(Job* const job, const StreamSettings* const old, const bool other_sound)
{
  if (!job->stream || is_in_vain(job, old, other_sound)) {
    return; // nothing to act on yet; or asked for already, and told
  }
  if (takes_networks(job, old)) {
    session_report(job->session, STATUS_STARTING); // until it has, waiters are patient
  }
  settle(job, configure(job));
}

static void
apply_position(Job* const job)
{
  if (job->stream && !locate(job)) {
    fail(job, problem(job));
  }
}

/// Act on news that hold from here on; return how far they hold, at most `n`
static uint32_t
take_news(Job* const job, const uint32_t n)
{
  Message message;
  while (ring_peek(job->session->messages, &message, 1)) {
    if (message.at_frame > job->n_received) {
      const uint64_t n_until = message.at_frame - job->n_received;
      return n_until < n ? (uint32_t)n_until : n;
    }
    ring_skip(job->session->messages, 1);
    if (message.kind == MESSAGE_SETTINGS) {
      const StreamSettings old         = job->settings;
      const bool           other_sound = message.revision != job->revision;
      job->settings                    = message.settings;
      job->revision                    = message.revision;
      apply_settings(job, &old, other_sound);
    } else {
      job->position = message.position;
      job->located  = message.at_frame;
      apply_position(job);
    }
  }
  return n;
}

/// Keep the reference that has been learnt, if there is one
static void
keep_learned(Job* const job)
{
  const uint32_t n = job->bridge->learned(job->stream, NULL, 0);
  if (n > REFERENCES_MAX_FILE_SIZE) {
    fprintf(stderr, "requinto: the bar is too long to be kept\n");
  }
  if (!n || n > REFERENCES_MAX_FILE_SIZE) {
    return;
  }
  unsigned char* const bytes      = (unsigned char*)calloc(n, 1);
  References* const    references = job->session->references;
  const uint32_t       index      = references_learned(references);
  if (bytes && job->bridge->learned(job->stream, bytes, n) == n &&
      references_keep(references, references_names(references)[index], bytes, n)) {
    atomic_fetch_add(&job->session->n_learned, 1);
  }
  free(bytes);
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
  const StreamSetup* const setup   = &job->session->setup;
  const Passage            passage = {job->input, job->output, n};

  if (!job->stream && !status_is_failure(session_status(job->session)) &&
      !is_silent(job->input, (size_t)n * (setup->n_channels + setup->n_sidechain))) {
    open_stream(job, load);
  }
  if (job->stream && job->bridge->exchange(job->stream, &passage) != n) {
    fail(job, problem(job));
  }
  if (job->stream && job->settings.learn) {
    keep_learned(job);
  }
  if (!job->stream) {
    memset(job->output, 0, (size_t)n * setup->n_channels * sizeof(float));
  }
}

bool
job_work(Job* const job, const BridgeLoader load)
{
  Session* const session = job->session;
  const uint32_t quantum = session->quantum;
  if (status_is_final(session_status(session)) || atomic_load(&session->ended) ||
      ring_ready(session->to_worker) < quantum ||
      ring_room(session->from_worker) < quantum) {
    return false;
  }

  const uint32_t n = take_news(job, quantum);
  ring_read(session->to_worker, job->input, n);
  exchange(job, n, load);
  ring_write(session->from_worker, job->output, n);
  job->n_received += n;
  session_advance(session);
  return true;
}

/* Sessions */

void
job_begin(Job* const job, Session* const session)
{
  *job = (Job){.session = session, .settings = {0, 0, BEATS_DETECT, 0, 120.0, 0.5}};
  if (session) {
    const StreamSetup* const setup = &session->setup;
    const size_t             n_in  = setup->n_channels + setup->n_sidechain;

    job->input = (float*)calloc(session->quantum * n_in, sizeof(float));
    job->output =
      (float*)calloc((size_t)session->quantum * setup->n_channels, sizeof(float));
    if (!job->input || !job->output) {
      fail(job, STATUS_PYTHON_ERROR);
    }
  }
}

void
job_end(Job* const job)
{
  if (job->stream) {
    (void)job->bridge->close(job->stream);
  }
  job_drop(job);
}

void
job_drop(Job* const job)
{
  free(job->input);
  free(job->output);
  session_leave(job->session);
  *job = (Job){0};
}
