/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/session.h"

#include <stdlib.h>

enum { MAX_MESSAGES = 4096 }; // one a block of 32 frames, for seconds

static void
free_session(Session* const session)
{
  references_leave(session->references);
  scope_leave(session->scope);
  ring_free(session->to_worker);
  ring_free(session->from_worker);
  ring_free(session->messages);
  os_semaphore_free(session->wake);
  os_semaphore_free(session->progress);
  free(session);
}

Session*
session_new(const StreamSetup* const setup,
            References* const        references,
            Scope* const             scope,
            const uint32_t           quantum,
            const Capacity* const    capacity)
{
  Session* const session = (Session*)calloc(1, sizeof(Session));
  if (!session) {
    return NULL;
  }

  const uint32_t sample = (uint32_t)sizeof(float);
  const uint32_t n_in   = setup->n_channels + setup->n_sidechain;
  session->setup        = *setup;
  session->quantum      = quantum;
  session->process      = os_this_process();
  session->references   = references_share(references);
  session->scope        = scope_share(scope);
  session->to_worker    = ring_new(capacity->to_worker, n_in * sample);
  session->from_worker  = ring_new(capacity->from_worker, setup->n_channels * sample);
  session->messages     = ring_new(MAX_MESSAGES, sizeof(Message));
  session->wake         = os_semaphore_new();
  session->progress     = os_semaphore_new();
  atomic_init(&session->status, STATUS_IDLE);
  atomic_init(&session->n_steps, 0);
  atomic_init(&session->n_learned, 0);
  atomic_init(&session->ended, false);
  atomic_init(&session->n_owners, 1);

  if (!session->to_worker || !session->from_worker || !session->messages ||
      !session->wake || !session->progress) {
    free_session(session);
    return NULL;
  }
  return session;
}

Session*
session_share(Session* const session)
{
  if (session) {
    atomic_fetch_add(&session->n_owners, 1);
  }
  return session;
}

void
session_leave(Session* const session)
{
  if (session && atomic_fetch_sub(&session->n_owners, 1) == 1) {
    free_session(session);
  }
}

Status
session_status(const Session* const session)
{
  return (Status)atomic_load_explicit(&session->status, memory_order_acquire);
}

void
session_report(Session* const session, const Status status)
{
  atomic_store_explicit(&session->status, (uint32_t)status, memory_order_release);
}

void
session_advance(Session* const session)
{
  atomic_fetch_add(&session->n_steps, 1);
  os_semaphore_post(session->progress);
}

uint32_t
session_limit(const Session* const session, const Limits* const limits)
{
  return session_status(session) == STATUS_STARTING ? limits->loading : limits->working;
}

bool
session_has_progressed(const Session* const session, Progress* const last)
{
  const Progress now     = {atomic_load(&session->n_steps), session_status(session)};
  const bool     differs = now.n_steps != last->n_steps || now.status != last->status;
  *last                  = now;
  return differs;
}
