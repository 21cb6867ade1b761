/* SPDX-License-Identifier: GPL-3.0-or-later

   Start Python before cffi would, and make `requinto` importable.

   Left to itself, cffi starts whatever `python3` is first on the PATH, and lets
   a PYTHONHOME in the environment end the host's process. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#include "python/bridge.h"
#include "python/gate.h"
#include "python/start.h"

__typeof__(requinto_problem) python_problem; // which cffi writes

/// Start the interpreter of `executable`, whatever the environment variables say
static bool
start(const char* const executable)
{
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);

  PyStatus status = PyConfig_SetBytesString(&config, &config.executable, executable);
  if (!PyStatus_Exception(status)) {
    status = PyConfig_SetBytesString(&config, &config.program_name, executable);
  }
  if (!PyStatus_Exception(status)) {
    status = Py_InitializeFromConfig(&config);
  }
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status)) {
    return false;
  }

  PyEval_SaveThread(); // the lock is ours now, and must be free for others
  return true;
}

/// Let Python import from `site` if it does not know our package
static bool
make_importable(const char* const site)
{
  PyObject* const util = PyImport_ImportModule("importlib.util");
  PyObject* const spec =
    util ? PyObject_CallMethod(util, "find_spec", "s", "requinto") : NULL;
  bool done = spec && spec != Py_None;
  if (spec == Py_None && site[0]) {
    PyObject* const path   = PySys_GetObject("path"); // borrowed
    PyObject* const folder = PyUnicode_DecodeFSDefault(site);
    done                   = path && folder && !PyList_Append(path, folder);
    Py_XDECREF(folder);
  }
  Py_XDECREF(spec);
  Py_XDECREF(util);
  PyErr_Clear();
  return done;
}

/**
   Have cffi attach Python's functions, with Python's lock held.

   Before Python 3.12 cffi takes a lock that it keeps in a field of the capsule
   type, and waits for that field to be 0.  Any lookup of a capsule's attribute,
   by whatever the host has imported, leaves another number there, and cffi would
   wait for ever.  While we hold Python's lock, no other thread can set it again.
*/
static void
attach(void)
{
#if PY_VERSION_HEX < 0x030C0000
  PyType_Modified(&PyCapsule_Type);
  PyCapsule_Type.tp_version_tag = 0;
#endif
  char nothing[1];
  (void)python_problem(nothing, sizeof(nothing));
}

uint32_t
requinto_start(const char* const executable, const char* const site)
{
  if (!Py_IsInitialized() && (!executable[0] || !start(executable))) {
    return 0;
  }
  const int entry = gate_enter();
  if (entry < 0) {
    return 0;
  }
  const PyGILState_STATE lock = PyGILState_Ensure();
  const bool             done = gate_guard_python();
  if (done) {
    (void)make_importable(site); // if it is not, importing it will say so
    attach();
    gate_allow_interruption();
  }
  PyGILState_Release(lock);
  gate_leave(entry);
  return done;
}
