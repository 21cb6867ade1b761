/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "python/loader.h"

#include "os/os.h"
#include "python/env.h"
#include "python/env_layout.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* What CMake found: REQUINTO_PYTHON_VERSION, such as "3.11".  The bridge was
   compiled for it, and another minor version has another binary interface. */

enum { POLL_MS = 5 };

typedef int (*IntFunc)(void);
typedef const char* (*TextFunc)(void);
typedef void (*RestoreFunc)(void*);
typedef void (*HoldFunc)(void);
typedef void* (*StateFunc)(void);
typedef uint32_t (*StartFunc)(const char* executable, const char* site);

/// Return a function of the process as a void pointer that may become a function
#define FUNC(type, address) ((type)(uintptr_t)(address))

static _Atomic(HoldFunc) hold_thread; ///< Of the bridge, once that is loaded

static void
log_problem(const char* const problem, const char* const detail)
{
  fprintf(stderr, "requinto: %s%s\n", problem, detail);
}

static atomic_bool was_there; ///< Python ran when it was looked for

bool
python_is_there(void)
{
  const IntFunc check    = FUNC(IntFunc, os_process_symbol("Py_IsInitialized"));
  const bool    is_there = check && check();
  if (is_there) {
    atomic_store(&was_there, true);
  }
  return is_there;
}

/// Return whether Python has ended, or is about to
static bool
has_ended(void)
{
  return !python_is_there() && atomic_load(&was_there);
}

/// Return whether the Python that the process sees is the one we were built for
static bool
is_our_version(void)
{
  static const char wanted[] = REQUINTO_PYTHON_VERSION ".";

  const TextFunc version = FUNC(TextFunc, os_process_symbol("Py_GetVersion"));
  if (version && !strncmp(version(), wanted, sizeof(wanted) - 1)) {
    return true;
  }
  log_problem("built for Python " REQUINTO_PYTHON_VERSION ", but found ",
              version ? version() : "none");
  return false;
}

/// Make Python's functions visible to the process, unless they are already
static BridgeOutcome
load_python(const PythonEnv* const env)
{
  if (!os_process_symbol("Py_IsInitialized")) {
    if (!path_exists(env->executable)) {
      log_problem("no Python at ", env->executable);
      return BRIDGE_NO_PYTHON;
    }
    if (!env_layout_is_our_version(env->executable)) {
      log_problem("not Python " REQUINTO_PYTHON_VERSION ": ", env->executable);
      return BRIDGE_WRONG_PYTHON;
    }
    // Extension modules look for Python's symbols in the whole process
    if (!os_library_open(env->libpython, true)) {
      log_problem("cannot load ", env->libpython);
      return BRIDGE_NO_PYTHON;
    }
  }
  return is_our_version() ? BRIDGE_LOADED : BRIDGE_WRONG_PYTHON;
}

static BridgeOutcome
find_functions(void* const library, Bridge* const bridge)
{
#define FIND(name)                                                                     \
  (bridge->name =                                                                      \
     FUNC(__typeof__(bridge->name), os_library_symbol(library, "requinto_" #name)))
  return FIND(open) && FIND(configure) && FIND(locate) && FIND(exchange) &&
             FIND(take_bar) && FIND(take_columns) && FIND(summarise) && FIND(close) &&
             FIND(problem)
           ? BRIDGE_LOADED
           : BRIDGE_PYTHON_ERROR;
#undef FIND
}

/// Return whether this process was forked from one in which loading had begun
static bool
is_forked(void)
{
  static _Atomic uint32_t loaded_in = 0; // a process

  const uint32_t own     = os_this_process();
  uint32_t       process = 0;
  return !atomic_compare_exchange_strong(&loaded_in, &process, own) && process != own;
}

static BridgeOutcome
cannot_start(const PythonEnv* const env)
{
  if (has_ended()) {
    return BRIDGE_PYTHON_ERROR; // the process ends, too late for a log
  }
  log_problem("Python does not start: ", env->executable);
  return BRIDGE_NO_PYTHON;
}

static BridgeOutcome
load_bridge(Bridge* const bridge)
{
  PythonEnv env;
  if (!env_find(&env)) {
    log_problem("cannot tell where this plugin is", "");
    return BRIDGE_NO_PYTHON;
  }
  const BridgeOutcome outcome = load_python(&env);
  if (outcome != BRIDGE_LOADED) {
    return outcome;
  }

  void* const     library = os_library_open(env.bridge, false);
  const StartFunc start =
    library ? FUNC(StartFunc, os_library_symbol(library, "requinto_start")) : NULL;
  if (!start) {
    log_problem("cannot load ", env.bridge);
    return BRIDGE_PYTHON_ERROR;
  }
  atomic_store(&hold_thread,
               FUNC(HoldFunc, os_library_symbol(library, "requinto_hold_thread")));
  // A host's Python is not to be started again when the host ends it
  if (!start(atomic_load(&was_there) ? "" : env.executable, env.site)) {
    return cannot_start(&env);
  }
  return find_functions(library, bridge);
}

BridgeOutcome
python_load_bridge(const Bridge** const bridge)
{
  static atomic_flag   busy     = ATOMIC_FLAG_INIT;
  static bool          is_tried = false;
  static Bridge        table;
  static BridgeOutcome outcome;

  // The thread that loads has not come along, and holds our locks and Python's
  if (is_forked()) {
    log_problem(
      "ForkError: this process was forked from one in which the plugin had been used "
      "already: start processes with multiprocessing.get_context(\"spawn\"), or fork "
      "before the first sound",
      "");
    return BRIDGE_PYTHON_ERROR;
  }
  // Workers of other instances may come at the same time; they can wait, unless
  // Python has ended the one that they wait for
  for (int ms = 0; atomic_flag_test_and_set(&busy); ms += POLL_MS) {
    if (ms > PYTHON_LOAD_LIMIT_MS) {
      log_problem("another instance has been loading Python for three minutes", "");
      return BRIDGE_PYTHON_ERROR;
    }
    os_sleep_ms(POLL_MS);
  }
  if (!is_tried) {
    outcome  = load_bridge(&table);
    is_tried = true;
  }
  const BridgeOutcome result = outcome;
  atomic_flag_clear(&busy);

  *bridge = &table;
  return result;
}

bool
python_holds_lock(void)
{
  const IntFunc check = FUNC(IntFunc, os_process_symbol("PyGILState_Check"));
  return check && python_is_there() && check();
}

void
python_hold_thread(void)
{
  const HoldFunc hold = atomic_load(&hold_thread);
  if (hold) {
    hold();
  }
  const StateFunc get_state =
    FUNC(StateFunc, os_process_symbol("PyGILState_GetThisThreadState"));
  const bool is_pythons = get_state && get_state() && !os_is_first_thread();
  while (is_pythons && has_ended()) {
    os_sleep_ms(POLL_MS);
  }
}

ReleasedLock
python_release_lock(void)
{
  const StateFunc save = FUNC(StateFunc, os_process_symbol("PyEval_SaveThread"));
  return (ReleasedLock){save && python_holds_lock() ? save() : NULL};
}

void
python_retake_lock(const ReleasedLock released)
{
  const RestoreFunc restore =
    FUNC(RestoreFunc, os_process_symbol("PyEval_RestoreThread"));
  if (restore && released.thread_state) {
    restore(released.thread_state);
  }
}
