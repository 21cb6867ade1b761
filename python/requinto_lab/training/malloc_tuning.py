# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep freed memory for the next batch."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
_TRIM_ABOVE = 1 << 30
_MAP_ABOVE = 1 << 25  # the most that glibc accepts


def keep() -> bool:
    """Tell the C library not to give freed memory back to the system.

    TensorFlow, when Keras has it read from a Python generator,
    tells it the opposite, and every array of a batch then costs page faults: of
    two cores a quarter of training.  So call this once reading has begun.

    Returns
    -------
    bool
        Whether the C library took it; only glibc does.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(
        mallopt(_M_TRIM_THRESHOLD, _TRIM_ABOVE)
        and mallopt(_M_MMAP_THRESHOLD, _MAP_ABOVE)
    )
