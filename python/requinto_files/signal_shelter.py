# SPDX-License-Identifier: GPL-3.0-or-later
"""Run C code that calls Python back where no signal handler runs."""

from __future__ import annotations

import _thread
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
_POLL_S = 0.001


def call_away_from_signals(function: Callable[[], Result]) -> Result:
    """Return what a function returns, called in a thread other than the main one.

    Python runs signal handlers in the main thread. What one raises (Ctrl-C does) in a
    function that C called is dropped by cffi, and C goes on with a wrong result. Here
    it is raised when the function has returned.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or sys.is_finalizing():  # then no other thread runs any more
        return function()
    results: list[Result] = []
    errors: list[BaseException] = []
    running = threading.Lock()

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)
        finally:
            running.release()

    running.acquire()
    is_started = False
    try:
        # Not a pool's: a handler that raises amid its Python code leaves locks undone
        _thread.start_new_thread(work, ())
        is_started = True
        running.acquire()
    except BaseException as raised:
        # Without a thread there is nothing to wait for; a handler may raise before it
        # is known that there is one
        may_run = is_started or not isinstance(raised, RuntimeError)
        while may_run and not (results or errors):
            time.sleep(_POLL_S)  # what the function uses must not go meanwhile
        raise
    for error in errors:
        raise error
    return results[0]
