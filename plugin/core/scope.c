/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/scope.h"

#include "core/ring.h"
#include "os/os.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct ScopeImpl {
  _Atomic(Ring*) columns; ///< NULL until a window opens; then kept for the next one
  atomic_bool    is_open;

  /* Columns are counted so that a reader knows those of streams before this one; counts
     wrap */
  uint32_t         n_written; ///< The writer's alone
  uint32_t         n_read;    ///< The reader's alone
  _Atomic uint32_t n_stale;   ///< Written before this stream began

  /* Of the clock.  A begin takes several stores: `n_begins` is odd meanwhile */
  _Atomic uint32_t n_begins;
  _Atomic double   sample_rate;
  _Atomic uint32_t latency_frames;
  _Atomic uint64_t n_received;
  atomic_bool      is_playing;
  ScopeClock       last_clock; ///< The reader's alone

  OsMutex*         mutex;
  ReferenceSummary summary;                    ///< Guarded by `mutex`
  bool             has_summary;                ///< Guarded likewise
  uint32_t         n_summaries;                ///< Guarded likewise
  char             problem[SCOPE_MAX_PROBLEM]; ///< Guarded likewise

  atomic_uint n_owners;
};

/* Life */

Scope*
scope_new(void)
{
  Scope* const scope = (Scope*)calloc(1, sizeof(Scope));
  if (!scope) {
    return NULL;
  }
  atomic_init(&scope->columns, NULL);
  atomic_init(&scope->is_open, false);
  atomic_init(&scope->n_stale, 0);
  atomic_init(&scope->n_begins, 0);
  atomic_init(&scope->sample_rate, 0.0);
  atomic_init(&scope->latency_frames, 0);
  atomic_init(&scope->n_received, 0);
  atomic_init(&scope->is_playing, false);
  atomic_init(&scope->n_owners, 1);
  scope->mutex = os_mutex_new();
  if (!scope->mutex) {
    scope_leave(scope);
    return NULL;
  }
  return scope;
}

Scope*
scope_share(Scope* const scope)
{
  atomic_fetch_add(&scope->n_owners, 1);
  return scope;
}

void
scope_leave(Scope* const scope)
{
  if (scope && atomic_fetch_sub(&scope->n_owners, 1) == 1) {
    ring_free(atomic_load(&scope->columns));
    os_mutex_free(scope->mutex);
    free(scope);
  }
}

/* The window's side */

bool
scope_open(Scope* const scope)
{
  if (atomic_load(&scope->is_open)) {
    return false;
  }
  Ring* columns = atomic_load(&scope->columns);
  if (!columns) {
    columns = ring_new(SCOPE_MAX_COLUMNS, sizeof(Column));
    atomic_store(&scope->columns, columns);
  }
  if (columns) {
    scope->n_read += ring_skip(columns, ring_ready(columns)); // of the last window
  }
  atomic_store(&scope->is_open, columns);
  return columns;
}

void
scope_close(Scope* const scope)
{
  atomic_store(&scope->is_open, false);
}

uint32_t
scope_read(Scope* const scope, Column* const columns, const uint32_t n)
{
  Ring* const ring = atomic_load(&scope->columns);
  if (!ring) {
    return 0;
  }
  const uint32_t n_old = atomic_load(&scope->n_stale) - scope->n_read;
  if (n_old <= INT32_MAX) { // else they have been read already
    scope->n_read += ring_skip(ring, n_old);
  }
  const uint32_t n_now = ring_read(ring, columns, n);
  scope->n_read += n_now;
  return n_now;
}

ScopeClock
scope_clock(Scope* const scope)
{
  const uint32_t   n_begins = atomic_load(&scope->n_begins);
  const ScopeClock clock    = {n_begins / 2,
                               atomic_load(&scope->sample_rate),
                               atomic_load(&scope->latency_frames),
                               atomic_load(&scope->n_received),
                               atomic_load(&scope->is_playing)};
  if (n_begins % 2 == 0 && atomic_load(&scope->n_begins) == n_begins) {
    scope->last_clock = clock;
  }
  return scope->last_clock;
}

uint32_t
scope_reference(Scope* const scope, ReferenceSummary* const summary)
{
  os_mutex_lock(scope->mutex);
  const uint32_t number = scope->has_summary ? scope->n_summaries : 0;
  if (number) {
    *summary = scope->summary;
  }
  os_mutex_unlock(scope->mutex);
  return number;
}

void
scope_problem(Scope* const scope, char text[SCOPE_MAX_PROBLEM])
{
  os_mutex_lock(scope->mutex);
  snprintf(text, SCOPE_MAX_PROBLEM, "%s", scope->problem);
  os_mutex_unlock(scope->mutex);
}

/* The worker's side */

bool
scope_is_open(const Scope* const scope)
{
  return atomic_load(&scope->is_open);
}

void
scope_begin(Scope* const scope, const double sample_rate, const uint32_t latency_frames)
{
  atomic_store(&scope->n_stale, scope->n_written);
  // Even again even where a fork has cut a begin short
  const uint32_t n_begins = atomic_load(&scope->n_begins) | 1U;
  atomic_store(&scope->n_begins, n_begins);
  atomic_store(&scope->sample_rate, sample_rate);
  atomic_store(&scope->latency_frames, latency_frames);
  atomic_store(&scope->n_received, 0);
  atomic_store(&scope->is_playing, false);
  atomic_store(&scope->n_begins, n_begins + 1);
  scope_set_problem(scope, "");
}

void
scope_advance(Scope* const scope, const uint64_t n_received, const bool is_playing)
{
  atomic_store(&scope->is_playing, is_playing);
  atomic_store(&scope->n_received, n_received);
}

void
scope_write(Scope* const scope, const Column* const columns, const uint32_t n)
{
  Ring* const ring = atomic_load(&scope->columns);
  if (ring) {
    scope->n_written += ring_write(ring, columns, n);
  }
}

void
scope_set_reference(Scope* const scope, const ReferenceSummary* const summary)
{
  os_mutex_lock(scope->mutex);
  scope->has_summary = summary;
  if (summary) {
    scope->summary     = *summary;
    scope->n_summaries = scope->n_summaries % UINT32_MAX + 1; // never 0
  }
  os_mutex_unlock(scope->mutex);
}

void
scope_set_problem(Scope* const scope, const char* const text)
{
  os_mutex_lock(scope->mutex);
  snprintf(scope->problem, SCOPE_MAX_PROBLEM, "%s", text);
  os_mutex_unlock(scope->mutex);
}
