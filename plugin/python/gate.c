/* SPDX-License-Identifier: GPL-3.0-or-later */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "os/os.h"
#include "os/running_clock.h"
#include "python/gate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
  MAX_ENTRIES = 1024,  // threads in Python at a time
  POLL_MS     = 2,     // between looks at the threads inside
  PATIENCE_MS = 300,   // before threads inside are interrupted, and again after it
  IDLE_MS     = 2000,  // the longest wait for threads that use no processor
  BUSY_MS     = 30000, // and for others: TensorFlow may be loading, or computing
  HOLD_MS     = 2000   // for exit functions, which may wait for a thread held here
};

/// What Python calls a thread, or 0
typedef _Atomic unsigned long ThreadNumber;

static ThreadNumber     entries[MAX_ENTRIES]; ///< Of those inside
static ThreadNumber     closer;               ///< Of the one that closed the gate
static _Atomic uint32_t process;              ///< In which these run
static atomic_bool      is_closed;
static atomic_bool      is_emptied; ///< Those inside are not waited for any more
static _Atomic uint32_t emptied_at; ///< Since then, by `running_ms`
static PyObject* interruption; ///< What is raised in visitors; NULL if nothing may be

/// Return whether Python runs and goes on to do so
static bool
is_open(void)
{
  return !atomic_load(&is_closed) && Py_IsInitialized();
}

int
gate_enter(void)
{
  const unsigned long thread = PyThread_get_thread_ident();
  for (int i = 0; i < MAX_ENTRIES; ++i) {
    unsigned long none = 0;
    if (atomic_compare_exchange_strong(&entries[i], &none, thread)) {
      if (is_open()) { // looked at after the entry is there to be seen
        return i;
      }
      gate_leave(i);
      return -1;
    }
  }
  return -1;
}

void
gate_leave(const int entry)
{
  atomic_store(&entries[entry], 0);
}

static bool
has_visitors(void)
{
  bool has = false;
  for (int i = 0; i < MAX_ENTRIES; ++i) {
    has = has || atomic_load(&entries[i]);
  }
  // After a fork the threads of the other process are not here
  return has && atomic_load(&process) == os_this_process();
}

/* Waiting for visitors */

/// When a wait began, by `running_ms` and in processor time
typedef struct {
  uint32_t ms;
  clock_t  used;
} Start;

static Start
close_gate(void)
{
  atomic_store(&closer, PyThread_get_thread_ident());
  atomic_store(&is_closed, true);
  return (Start){running_ms(), clock()};
}

/// Return whether visitors are not to be waited for: they hang, or take far too long
static bool
has_timed_out(const Start start)
{
  const double waited_ms = (double)running_ms_since(start.ms);
  const double used_ms   = 1000.0 * (double)(clock() - start.used) / CLOCKS_PER_SEC;
  return waited_ms > (used_ms > waited_ms / 10.0 ? BUSY_MS : IDLE_MS);
}

static void
note_emptied(void)
{
  atomic_store(&emptied_at, running_ms());
  atomic_store(&is_emptied, true);
}

/// Raise an exception in each visitor, which ends its call at the next line of Python
static void
interrupt_visitors(void)
{
  for (int i = 0; i < MAX_ENTRIES; ++i) {
    const unsigned long thread = atomic_load(&entries[i]);
    if (thread && interruption) {
      (void)PyThreadState_SetAsyncExc(thread, interruption);
    }
  }
}

/// Close the gate; an exit function of Python's
static PyObject*
close_before_python(PyObject* const module, PyObject* const nothing)
{
  (void)module;
  (void)nothing;
  const Start start = close_gate();
  uint32_t    next  = PATIENCE_MS;
  while (has_visitors() && !has_timed_out(start)) {
    if (running_ms_since(start.ms) > next) {
      interrupt_visitors();
      next += PATIENCE_MS;
    }
    Py_BEGIN_ALLOW_THREADS;
    os_sleep_ms(POLL_MS);
    Py_END_ALLOW_THREADS;
  }
  note_emptied();
  Py_RETURN_NONE;
}

/// Close the gate; an exit function of the process'
static void
close_before_exit(void)
{
  if (!atomic_load(&is_closed)) {
    const Start start = close_gate();
    while (has_visitors() && !has_timed_out(start)) {
      os_sleep_ms(POLL_MS);
    }
    note_emptied();
  }
}

/* Guarding */

bool
gate_guard_python(void)
{
  static PyMethodDef method = {
    "close_requinto", close_before_python, METH_NOARGS, NULL};
  if (atomic_exchange(&process, os_this_process()) == os_this_process()) {
    return true; // guarded already
  }
  PyObject* const module   = PyImport_ImportModule("atexit");
  PyObject* const function = PyCFunction_New(&method, NULL);
  PyObject* const result =
    module && function ? PyObject_CallMethod(module, "register", "O", function) : NULL;
  const bool done = result;
  Py_XDECREF(result);
  Py_XDECREF(function);
  Py_XDECREF(module);
  PyErr_Clear();
  return done;
}

void
gate_allow_interruption(void)
{
  if (!interruption) {
    interruption = PyErr_NewException("requinto.PythonEnds", PyExc_BaseException, NULL);
    PyErr_Clear();
  }
}

void
gate_guard_exit(void)
{
  static atomic_flag is_guarded = ATOMIC_FLAG_INIT;
  if (!atomic_flag_test_and_set(&is_guarded)) {
    (void)atexit(close_before_exit);
  }
}

/// Return whether Python's exit functions have just run, or ours still does
static bool
may_end_soon(void)
{
  return !atomic_load(&is_emptied) ||
         running_ms_since(atomic_load(&emptied_at)) < HOLD_MS;
}

void
requinto_hold_thread(void)
{
  if (!atomic_load(&is_closed) || !PyGILState_GetThisThreadState() ||
      PyThread_get_thread_ident() == atomic_load(&closer)) {
    return;
  }
  while (!Py_IsInitialized() || may_end_soon()) {
    os_sleep_ms(POLL_MS);
  }
}
