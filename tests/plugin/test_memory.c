/* SPDX-License-Identifier: GPL-3.0-or-later

   Every allocation may fail: linked with --wrap=calloc, and on Windows with
   --wrap=os_semaphore_new. */

#include "check.h"

#include "core/engine.h"
#include "core/worker.h"

#include <stdbool.h>

static int  n_until_failure = -1;
static long n_allocations;

void*
__real_calloc(size_t n, size_t size);
void*
__wrap_calloc(size_t n, size_t size);

/// Count an allocation, and return whether it is the one to fail
static bool
fails(void)
{
  ++n_allocations;
  return n_until_failure >= 0 && n_until_failure-- == 0;
}

void*
__wrap_calloc(const size_t n, const size_t size)
{
  return fails() ? NULL : __real_calloc(n, size);
}

#ifdef _WIN32
OsSemaphore*
__real_os_semaphore_new(void);
OsSemaphore*
__wrap_os_semaphore_new(void);

OsSemaphore*
__wrap_os_semaphore_new(void)
{
  return fails() ? NULL : __real_os_semaphore_new();
}
#endif

static BridgeOutcome
load_nothing(const Bridge** const bridge)
{
  (void)bridge;
  return BRIDGE_NO_PYTHON;
}

static bool
make_engine(void)
{
  References* const references = references_new();
  Scope* const      scope      = references ? scope_new() : NULL;
  if (!scope) {
    references_leave(references);
    return false;
  }
  const EngineSetup setup  = {44100.0, 2, 2, CLIP_1_BEAT, references, scope};
  Engine* const     engine = engine_new(&setup);
  references_leave(references);
  scope_leave(scope);
  engine_free(engine);
  return engine;
}

static bool
make_open_scope(void)
{
  Scope* const scope   = scope_new();
  const bool   is_open = scope && scope_open(scope);
  CHECK(!scope || scope_is_open(scope) == is_open);
  scope_leave(scope);
  return is_open;
}

static bool
make_worker(void)
{
  static const Limits limits = {1000, 1000};
  Worker* const       worker = worker_new(load_nothing);
  CHECK(worker_free(worker, &limits));
  return worker;
}

static void
test_fails_cleanly(bool (*const make)(void))
{
  n_allocations = 0;
  CHECK(make());
  const long n_needed = n_allocations;
  CHECK(n_needed > 2);
  for (int i = 0; i < n_needed; ++i) {
    n_until_failure = i;
    CHECK(!make()); // and the sanitizer finds no leak
  }
  n_until_failure = -1;
  CHECK(make());
}

int
main(void)
{
  test_fails_cleanly(make_engine);
  test_fails_cleanly(make_open_scope);
  test_fails_cleanly(make_worker);
  return 0;
}
