# SPDX-License-Identifier: GPL-3.0-or-later
"""Leave processor cores to the host, if asked to."""

from __future__ import annotations

import os
import sys

from requinto.checks import show
from requinto.errors import ConfigError

VARIABLE = "REQUINTO_THREADS"
_MAX = 1024
_NUMBA = "NUMBA_NUM_THREADS"


def limit() -> None:
    """Keep TensorFlow to as many threads as `REQUINTO_THREADS` says.

    Unset, it takes one for each core.  To be called before TensorFlow first runs; once
    a host has run it, its threads are the host's business, and nothing changes.

    Raises
    ------
    ConfigError
        If the variable holds anything but a number from 1 to 1024.
    """
    given = os.environ.get(VARIABLE, "")
    if not given:
        return
    is_number = given.isdecimal() and len(given) < 10
    if not (is_number and 1 <= int(given) <= _MAX):
        raise ConfigError(
            f"{VARIABLE} must be a number from 1 to {_MAX}, got {show(given)}"
        )
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(int(given))
        tf.config.threading.set_inter_op_parallelism_threads(int(given))
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
