# SPDX-License-Identifier: GPL-3.0-or-later
"""How many threads networks take: the user may leave cores to the host."""

from __future__ import annotations

import os

from requinto.checks import show
from requinto.errors import ConfigError

VARIABLE = "REQUINTO_THREADS"
_MAX = 1024
# Unless the user says otherwise; more are hardly faster for such small networks
_MAX_UNASKED = 4


def count() -> int:
    """Return how many threads a network takes.

    What `REQUINTO_THREADS` says, or one for each core that this process may use, up
    to 4.

    Raises
    ------
    ConfigError
        If the variable holds anything but a number from 1 to 1024.
    """
    return given() or min(_MAX_UNASKED, _n_cores())


def given() -> int | None:
    """Return the number in `REQUINTO_THREADS`, or None where it is not set.

    Raises
    ------
    ConfigError
        If it holds anything but a number from 1 to 1024.
    """
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
