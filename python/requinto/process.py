# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads of this process that a network takes, and forks that it survives."""

from __future__ import annotations

import contextlib
import functools
import os
import sys

from threadpoolctl import ThreadpoolController

from requinto.checks import show
from requinto.errors import ConfigError, ForkError

THREADS_VARIABLE = "REQUINTO_THREADS"
_MAX = 1024
# Unless the user says otherwise; more are hardly faster for such small networks
_DEFAULT_MAX = 4


def count_threads() -> int:
    """Return how many threads a network takes.

    What `REQUINTO_THREADS` says, or one for each core that this process may use, up
    to 4.

    Raises
    ------
    ConfigError
        If the variable holds anything but a number from 1 to 1024.
    """
    return given_threads() or min(_DEFAULT_MAX, count_cores())


def given_threads() -> int | None:
    """Return the number in `REQUINTO_THREADS`, or None where it is not set.

    Raises
    ------
    ConfigError
        If it holds anything but a number from 1 to 1024.
    """
    value = os.environ.get(THREADS_VARIABLE, "")
    if not value:
        return None
    is_number = value.isdecimal() and len(value) < 10
    if not (is_number and 1 <= int(value) <= _MAX):
        raise ConfigError(
            f"{THREADS_VARIABLE} must be a number from 1 to {_MAX}, got {show(value)}"
        )
    return int(value)


def count_cores() -> int:
    """Return how many cores this process may use, or the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Process:
    """What this process has been through."""

    has_started = False  # a network on TensorFlow, or is about to
    is_forked = False  # from a process that had


def note_tensorflow() -> None:
    """Remember that a network runs on TensorFlow in this process."""
    _Process.has_started = True


def has_run_tensorflow() -> bool:
    """Return whether TensorFlow has run in this process, so that forks are useless."""
    module = sys.modules.get("tensorflow.python.eager.context")
    context = getattr(module, "_context", None)  # where another library runs it
    return _Process.has_started or bool(getattr(context, "_initialized", False))


def check_fork() -> None:
    """Raise `ForkError` where a network would hang for ever."""
    if _Process.is_forked:
        raise ForkError(
            "this process was forked from one in which a network had run already, and "
            "TensorFlow does not survive that: start processes with "
            'multiprocessing.get_context("spawn"), or fork before the first extract, '
            "separate or beats"
        )


def _note_fork() -> None:
    _Process.is_forked = _Process.is_forked or has_run_tensorflow()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def one_blas_thread() -> contextlib.AbstractContextManager[object]:
    """Have matrices multiplied in the calling thread, within this context.

    A second thread only waits for small ones: fifty times longer on a busy machine.
    """
    return _libraries().limit(limits=1, user_api="blas")


@functools.cache
def _libraries() -> ThreadpoolController:
    # To look for them each time took a fifth of a search for templates
    return ThreadpoolController()
