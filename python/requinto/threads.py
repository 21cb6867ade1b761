# SPDX-License-Identifier: GPL-3.0-or-later
"""How many threads networks take: the user may leave cores to the host."""

from __future__ import annotations

import os
import sys

from requinto.checks import show
from requinto.errors import ConfigError

VARIABLE = "REQUINTO_THREADS"
_MAX = 1024
# Unless the user says otherwise; more are hardly faster for such small networks
_MAX_UNASKED = 4
_NUMBA = "NUMBA_NUM_THREADS"


def count() -> int:
    """Return how many threads a network takes.

    What `REQUINTO_THREADS` says, or one for each core that this process may use, up
    to 4.

    Raises
    ------
    ConfigError
        If the variable holds anything but a number from 1 to 1024.
    """
    return _given() or min(_MAX_UNASKED, _n_cores())


def limit() -> None:
    """Keep TensorFlow to as many threads as `REQUINTO_THREADS` says.

    Unset, it takes one for each core.  To be called before TensorFlow first runs; once
    a host has run it, its threads are the host's business, and nothing changes.

    Raises
    ------
    ConfigError
        If the variable holds anything but a number from 1 to 1024.
    """
    given = _given()
    if given is None:
        return
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(given)
        tf.config.threading.set_inter_op_parallelism_threads(given)
    except RuntimeError:
        return  # it runs already


def check_numba() -> None:
    """Raise `ConfigError` where Numba, which librosa needs, would refuse to start."""
    given = os.environ.get(_NUMBA, "")
    try:
        is_refused = "numba" not in sys.modules and int(given) < 1
    except ValueError:  # Numba takes its own default then
        return
    if is_refused:
        raise ConfigError(f"{_NUMBA} must be a number above 0, got {show(given)}")


def _given() -> int | None:
    """Return the number in `REQUINTO_THREADS`, or None where it is not set."""
    value = os.environ.get(VARIABLE, "")
    if not value:
        return None
    is_number = value.isdecimal() and len(value) < 10
    if not (is_number and 1 <= int(value) <= _MAX):
        raise ConfigError(
            f"{VARIABLE} must be a number from 1 to {_MAX}, got {show(value)}"
        )
    return int(value)


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
