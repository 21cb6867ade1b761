# SPDX-License-Identifier: GPL-3.0-or-later
"""Run C code that calls Python back where no signal handler runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def call_away_from_signals(function: Callable[[], Result]) -> Result:
    """Return what a function returns, called in a thread other than the main one.

    Python runs signal handlers in the main thread. What one raises (Ctrl-C does) in a
    function that C called is dropped by cffi, and C goes on with a wrong result. Here
    it is raised when the function has returned.
    """
    if threading.current_thread() is not threading.main_thread():
        return function()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()
