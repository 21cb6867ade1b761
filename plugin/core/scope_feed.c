/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/scope_feed.h"

#include <stddef.h>

enum { BATCH = 64 }; // columns; the stack holds them

bool
scope_feed_lacks(const ScopeFeed* const feed,
                 const Scope* const     scope,
                 const uint32_t         target,
                 const uint32_t         revision)
{
  return scope_is_open(scope) &&
         (!feed->is_summarised || feed->target != target || feed->revision != revision);
}

bool
scope_feed_summarise(ScopeFeed* const       feed,
                     Scope* const           scope,
                     const Bridge* const    bridge,
                     const SoundFile* const sound,
                     const uint32_t         target,
                     const uint32_t         revision)
{
  ReferenceSummary summary = {0};
  const Reference  reference =
    sound ? (Reference){1, sound->n_bytes, sound->bytes} : (Reference){0};
  const bool done     = sound && bridge->summarise(&reference, &summary);
  feed->is_summarised = true;
  feed->target        = target;
  feed->revision      = revision;
  scope_set_reference(scope, done ? &summary : NULL);
  return done || !sound;
}

void
scope_feed_columns(ScopeFeed* const    feed,
                   Scope* const        scope,
                   const Bridge* const bridge,
                   const uint32_t      stream)
{
  const bool is_open = scope_is_open(scope);
  if (!is_open && feed->is_watched) {
    (void)bridge->take_columns(stream, NULL, 0);
  }
  feed->is_watched = is_open;

  Column   columns[BATCH];
  uint32_t n = is_open ? BATCH : 0;
  while (n == BATCH) {
    n = bridge->take_columns(stream, columns, BATCH);
    scope_write(scope, columns, n);
  }
}
