/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "fake_loader.h"

#include "harness.h"
#include "python/loader.h"

#include <stddef.h>

int fake_loader_n_held;

BridgeOutcome
python_load_bridge(const Bridge** const bridge)
{
  return fake_load(bridge);
}

bool
python_is_there(void)
{
  return false;
}

bool
python_holds_lock(void)
{
  return false;
}

void
python_hold_thread(void)
{
  ++fake_loader_n_held;
}

ReleasedLock
python_release_lock(void)
{
  return (ReleasedLock){NULL};
}

void
python_retake_lock(const ReleasedLock released)
{
  (void)released;
}
