/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/service.h"

#include "core/integer.h"
#include "core/params.h"
#include "core/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEED_FRAMES = 65536 }; // of silence at a time, when catching up

/* Exchanging */

static void
fail(Service* const service, const Status status)
{
  if (service->stream) {
    (void)service->bridge->close(service->stream);
    service->stream = 0;
  }
  session_report(service->session, status);
}

/// Return whether a target is the user's own: a reference, not a built-in name
static bool
is_reference(const uint32_t target)
{
  return target >= references_learned_index();
}

/// Return why a call returned 0, and write it to the host's log and the window
static Status
problem(const Service* const service)
{
  References* const references              = service->session->references;
  const uint32_t    target                  = service->settings.target;
  const char* const unread                  = references_problem(references, target);
  char              text[SCOPE_MAX_PROBLEM] = "";

  const uint32_t    kind   = service->bridge->problem(text, sizeof(text));
  const bool        is_own = kind == PROBLEM_REFERENCE && is_reference(target);
  const char* const reason = is_own && unread[0] ? unread : text;
  if (is_own) {
    char name[REFERENCES_MAX_SHOWN];
    reference_name_show(params_label(references_names(references), target), name);
    fprintf(stderr, "requinto: %s: %s\n", name, reason);
  } else if (kind) {
    fprintf(stderr, "requinto: %s\n", reason);
  }
  scope_set_problem(service->session->scope, kind ? reason : "");
  return kind == PROBLEM_MODEL       ? STATUS_NO_MODEL
         : kind == PROBLEM_REFERENCE ? STATUS_NO_REFERENCE
                                     : STATUS_PYTHON_ERROR;
}

/// Have the stream follow the settings; return how that went
static Status
configure(const Service* const service)
{
  References* const references = service->session->references;
  SoundFile* const  sound      = references_sound(references, service->settings.target);
  const Reference   reference  = {is_reference(service->settings.target),
                               sound ? sound->n_bytes : 0,
                               sound ? sound->bytes : NULL};

  const bool done =
    service->bridge->configure(service->stream, &service->settings, &reference);
  free(sound);
  if (done) {
    scope_set_problem(service->session->scope, "");
  }
  return done ? STATUS_READY : problem(service);
}

/// Apply what `configure` returned: end the stream, or report a status
static void
apply_outcome(Service* const service, const Status status)
{
  if (status_is_final(status)) {
    fail(service, status);
  } else {
    // Without a model or reference the stream goes on with its output unused, to be
    // in time if another is chosen
    session_report(service->session, status);
  }
}

/// Give the stream the silence that came before it was opened
static bool
feed_silence(Service* const service)
{
  const StreamSetup* const setup   = &service->session->setup;
  const size_t             n_in    = setup->n_channels + setup->n_sidechain;
  float* const             silence = (float*)calloc(FEED_FRAMES * n_in, sizeof(float));
  float* const             ignored = (float*)calloc(FEED_FRAMES * n_in, sizeof(float));

  bool     fed = silence && ignored;
  uint64_t n   = service->n_received;
  while (fed && n && !atomic_load(&service->session->ended)) {
    const uint32_t n_now   = min_u32(n, FEED_FRAMES);
    const Passage  passage = {silence, ignored, n_now};

    fed = service->bridge->exchange(service->stream, &passage) == n_now;
    n -= n_now;
    session_advance(service->session);
  }

  free(silence);
  free(ignored);
  return fed;
}

/// Give the stream the host's position now
static bool
locate(Service* const service)
{
  HostPosition position = service->position;
  const double passed   = (double)(service->n_received - service->located);
  position.quarter +=
    passed * position.tempo_bpm / (60.0 * service->session->setup.sample_rate);
  return service->bridge->locate(service->stream, &position);
}

static Status
status_of(const BridgeOutcome outcome)
{
  return outcome == BRIDGE_LOADED         ? STATUS_READY
         : outcome == BRIDGE_NO_PYTHON    ? STATUS_NO_PYTHON
         : outcome == BRIDGE_WRONG_PYTHON ? STATUS_WRONG_PYTHON
                                          : STATUS_PYTHON_ERROR;
}

/// Load the bridge; return whether it is there
static bool
load_bridge(Service* const service, const BridgeLoader load)
{
  session_report(service->session, STATUS_STARTING);
  const BridgeOutcome outcome = load(&service->bridge);
  if (outcome != BRIDGE_LOADED) {
    fail(service, status_of(outcome));
  }
  return outcome == BRIDGE_LOADED;
}

/// Load the bridge and open the stream as if it had been open all along
static void
open_stream(Service* const service, const BridgeLoader load)
{
  if (!load_bridge(service, load)) {
    return;
  }
  service->stream      = service->bridge->open(&service->session->setup);
  const Status outcome = service->stream ? configure(service) : problem(service);
  if (!service->stream || status_is_final(outcome)) {
    fail(service, outcome);
  } else if (!feed_silence(service) || !locate(service)) {
    fail(service, problem(service));
  } else {
    apply_outcome(service,
                  outcome); // not before: until here the limit is the longer one
  }
}

/// Return whether new settings need what was not available for the old ones
static bool
would_fail_again(const Service* const        service,
                 const StreamSettings* const old,
                 const bool                  other_sound)
{
  const Status status  = session_status(service->session);
  const bool   quality = service->settings.quality != old->quality;
  const bool   target  = other_sound || service->settings.target != old->target;
  return (status == STATUS_NO_MODEL && !quality) ||
         (status == STATUS_NO_REFERENCE && !target && !quality &&
          service->settings.learn == old->learn);
}

/// Return whether new settings may take networks that have not been loaded yet
static bool
takes_networks(const Service* const service, const StreamSettings* const old)
{
  const StreamSettings* const new = &service->settings;
  return new->quality != old->quality || new->beat_source != old->beat_source ||
         is_reference(new->target) != is_reference(old->target);
}

static void
apply_settings(Service* const              service,
               const StreamSettings* const old,
               const bool                  other_sound)
{
  if (!service->stream || would_fail_again(service, old, other_sound)) {
    return; // nothing to act on yet; or tried already, and reported
  }
  if (takes_networks(service, old)) {
    session_report(service->session,
                   STATUS_STARTING); // until it has, the limit is the longer one
  }
  apply_outcome(service, configure(service));
}

static void
apply_position(Service* const service)
{
  if (service->stream && !locate(service)) {
    fail(service, problem(service));
  }
}

/// Act on messages that hold from here on; return how far they hold, at most `n`
static uint32_t
take_messages(Service* const service, const uint32_t n)
{
  Message message;
  while (ring_peek(service->session->messages, &message, 1)) {
    if (message.at_frame > service->n_received) {
      return min_u32(message.at_frame - service->n_received, n);
    }
    ring_skip(service->session->messages, 1);
    if (message.kind == MESSAGE_SETTINGS) {
      const StreamSettings old         = service->settings;
      const bool           other_sound = message.revision != service->revision;
      service->settings                = message.settings;
      service->revision                = message.revision;
      apply_settings(service, &old, other_sound);
    } else {
      service->position = message.position;
      service->located  = message.at_frame;
      apply_position(service);
    }
  }
  return n;
}

/// Keep the reference that has been learnt, if there is one
static void
keep_learned(Service* const service)
{
  const uint32_t n = service->bridge->take_bar(service->stream, NULL, 0);
  if (n > SOUND_FILE_MAX_SIZE) {
    fprintf(stderr, "requinto: the bar is too long to be kept\n");
  }
  if (!n || n > SOUND_FILE_MAX_SIZE) {
    return;
  }
  unsigned char* const bytes = (unsigned char*)calloc(n, 1);
  if (bytes && service->bridge->take_bar(service->stream, bytes, n) == n &&
      references_keep(service->session->references, REFERENCES_LEARNED, bytes, n)) {
    atomic_fetch_add(&service->session->n_learned, 1);
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
exchange(Service* const service, const uint32_t n, const BridgeLoader load)
{
  const StreamSetup* const setup   = &service->session->setup;
  const Passage            passage = {service->input, service->output, n};

  if (!service->stream && !status_is_failure(session_status(service->session)) &&
      !is_silent(service->input,
                 (size_t)n * (setup->n_channels + setup->n_sidechain))) {
    open_stream(service, load);
  }
  if (service->stream && service->bridge->exchange(service->stream, &passage) != n) {
    fail(service, problem(service));
  }
  if (service->stream && service->settings.learn) {
    keep_learned(service);
  }
  if (!service->stream) {
    memset(service->output, 0, (size_t)n * setup->n_channels * sizeof(float));
  }
}

/* Showing */

/// Have the window show the sound of the target, also before the first sound comes
static void
show_reference(Service* const service, const BridgeLoader load)
{
  Session* const   session  = service->session;
  const uint32_t   target   = service->settings.target;
  const bool       is_early = !service->stream;
  SoundFile* const sound    = references_sound(session->references, target);
  if (is_early) { // else `configure` says what is wrong
    scope_set_problem(session->scope, references_problem(session->references, target));
  }
  if (!sound || service->bridge || load_bridge(service, load)) {
    const bool done = scope_feed_summarise(&service->feed,
                                           session->scope,
                                           service->bridge,
                                           sound,
                                           target,
                                           service->revision);
    if (is_early && !done) {
      (void)problem(service);
    }
    if (is_early) {
      session_report(session, STATUS_IDLE);
    }
  }
  free(sound);
}

/// Bring a window up to date
static void
show(Service* const service, const BridgeLoader load)
{
  ScopeFeed* const feed   = &service->feed;
  Scope* const     scope  = service->session->scope;
  const uint32_t   target = service->settings.target;
  if (service->stream) {
    scope_feed_columns(feed, scope, service->bridge, service->stream);
  }
  if (!status_is_final(session_status(service->session)) &&
      scope_feed_lacks(feed, scope, target, service->revision)) {
    show_reference(service, load);
  }
  // Last, so that what belongs to these frames is there
  scope_advance(scope, service->n_received, service->position.is_known);
}

bool
service_work(Service* const service, const BridgeLoader load)
{
  Session* const session = service->session;
  const uint32_t quantum = session->quantum;
  if (status_is_final(session_status(session)) || atomic_load(&session->ended) ||
      ring_ready(session->to_worker) < quantum ||
      ring_room(session->from_worker) < quantum) {
    return false;
  }

  const uint32_t n = take_messages(service, quantum);
  ring_read(session->to_worker, service->input, n);
  exchange(service, n, load);
  ring_write(session->from_worker, service->output, n);
  service->n_received += n;
  session_advance(session);
  show(service, load);
  return true;
}

/* Sessions */

void
service_begin(Service* const service, Session* const session)
{
  *service = (Service){.session = session, .settings = settings_initial()};
  if (session) {
    const StreamSetup* const setup = &session->setup;
    const size_t             n_in  = setup->n_channels + setup->n_sidechain;

    scope_begin(session->scope, setup->sample_rate, session->latency);
    service->input = (float*)calloc(session->quantum * n_in, sizeof(float));
    service->output =
      (float*)calloc((size_t)session->quantum * setup->n_channels, sizeof(float));
    if (!service->input || !service->output) {
      fail(service, STATUS_PYTHON_ERROR);
    }
  }
}

void
service_end(Service* const service)
{
  if (service->stream) {
    (void)service->bridge->close(service->stream);
  }
  service_drop(service);
}

void
service_drop(Service* const service)
{
  free(service->input);
  free(service->output);
  session_leave(service->session);
  *service = (Service){0};
}
