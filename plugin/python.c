/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "python.h"

#include "home.h"
#include "os.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* What CMake found: REQUINTO_PYTHON_VERSION, such as "3.11".  The bridge was
   compiled for it, and another minor version has another binary interface. */

typedef int (*IntFunc)(void);
typedef const char* (*TextFunc)(void);
typedef void* (*SaveFunc)(void);
typedef void (*RestoreFunc)(void*);
typedef uint32_t (*StartFunc)(const char* executable, const char* site);

/// Return a function of the process as a void pointer that may become a function
#define FUNC(type, address) ((type)(uintptr_t)(address))

static void
tell(const char* const problem, const char* const detail)
{
  fprintf(stderr, "requinto: %s%s\n", problem, detail);
}

bool
python_is_there(void)
{
  const IntFunc check = FUNC(IntFunc, os_process_symbol("Py_IsInitialized"));
  return check && check();
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
  tell("built for Python " REQUINTO_PYTHON_VERSION ", but found ",
       version ? version() : "none");
  return false;
}

/// Make Python's functions visible to the process, unless they are already
static Status
load_python(const PythonHome* const home)
{
  if (!os_process_symbol("Py_IsInitialized")) {
    if (!home_has_python(home)) {
      tell("no Python at ", home->executable);
      return STATUS_NO_PYTHON;
    }
    if (!home_is_our_version(home)) {
      tell("not Python " REQUINTO_PYTHON_VERSION ": ", home->executable);
      return STATUS_WRONG_PYTHON;
    }
    // Extension modules look for Python's symbols in the whole process
    if (!os_library_open(home->libpython, true)) {
      tell("cannot load ", home->libpython);
      return STATUS_NO_PYTHON;
    }
  }
  return is_our_version() ? STATUS_READY : STATUS_WRONG_PYTHON;
}

/// Return a function of a library as what it is declared to be in `Bridge`
#define SYMBOL(field, library, name)                                                   \
  FUNC(__typeof__(((Bridge*)NULL)->field), os_library_symbol((library), (name)))

static Status
find_functions(void* const library, Bridge* const bridge)
{
  bridge->open      = SYMBOL(open, library, "requinto_open");
  bridge->configure = SYMBOL(configure, library, "requinto_configure");
  bridge->locate    = SYMBOL(locate, library, "requinto_locate");
  bridge->exchange  = SYMBOL(exchange, library, "requinto_exchange");
  bridge->learned   = SYMBOL(learned, library, "requinto_learned");
  bridge->close     = SYMBOL(close, library, "requinto_close");
  bridge->problem   = SYMBOL(problem, library, "requinto_problem");
  return bridge->open && bridge->configure && bridge->locate && bridge->exchange &&
             bridge->learned && bridge->close && bridge->problem
           ? STATUS_READY
           : STATUS_PYTHON_ERROR;
}

static Status
load_bridge(Bridge* const bridge)
{
  PythonHome home;
  if (!home_find(&home)) {
    tell("cannot tell where this plugin is", "");
    return STATUS_NO_PYTHON;
  }
  const Status status = load_python(&home);
  if (status != STATUS_READY) {
    return status;
  }

  void* const     library = os_library_open(home.bridge, false);
  const StartFunc start =
    library ? FUNC(StartFunc, os_library_symbol(library, "requinto_start")) : NULL;
  if (!start) {
    tell("cannot load ", home.bridge);
    return STATUS_PYTHON_ERROR;
  }
  if (!start(home.executable, home.site)) {
    tell("Python does not start: ", home.executable);
    return STATUS_NO_PYTHON;
  }
  return find_functions(library, bridge);
}

Status
python_load_bridge(const Bridge** const bridge)
{
  static atomic_flag busy = ATOMIC_FLAG_INIT;
  static Bridge      found;
  static Status      status = STATUS_IDLE;

  // Workers of other instances may come at the same time; they can wait
  while (atomic_flag_test_and_set(&busy)) {
    os_sleep_ms(5);
  }
  if (status == STATUS_IDLE) {
    status = load_bridge(&found);
  }
  const Status result = status;
  atomic_flag_clear(&busy);

  *bridge = &found;
  return result;
}

bool
python_holds_lock(void)
{
  const IntFunc check = FUNC(IntFunc, os_process_symbol("PyGILState_Check"));
  return check && python_is_there() && check();
}

ReleasedLock
python_release_lock(void)
{
  const SaveFunc save = FUNC(SaveFunc, os_process_symbol("PyEval_SaveThread"));
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
