# SPDX-License-Identifier: GPL-3.0-or-later
"""Leave processor cores to the host, if asked to."""

from __future__ import annotations

import os

from requinto.errors import ConfigError

VARIABLE = "REQUINTO_THREADS"


def limit() -> None:
    """Keep TensorFlow to as many threads as `REQUINTO_THREADS` says.

    Unset, it takes one for each core.  To be called before TensorFlow first runs; once
    a host has run it, its threads are the host's business, and nothing changes.

    Raises
    ------
    ConfigError
        If the variable holds anything but a number above 0.
    """
    given = os.environ.get(VARIABLE, "")
    if not given:
        return
    if not given.isdecimal() or int(given) < 1:
        raise ConfigError(f"{VARIABLE} must be a number above 0, got {given!r}")
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(int(given))
        tf.config.threading.set_inter_op_parallelism_threads(int(given))
    except RuntimeError:
        return  # it runs already
