# SPDX-License-Identifier: GPL-3.0-or-later
"""See to it that librosa, which needs Numba, can be imported."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path

from requinto.checks import show
from requinto.errors import ConfigError
from requinto_files.environment import (
    is_installed,
    is_writable,
    prepare_temporary_folder,
    temporary_folder,
)

_NUMBA = "NUMBA_NUM_THREADS"


def prepare_librosa() -> None:
    """See to it that Numba starts, and has where to write, before librosa is used.

    Raises
    ------
    ConfigError
        If `NUMBA_NUM_THREADS` is not a number of threads.
    RequintoError
        If no folder can be written at all.
    """
    check_numba()
    prepare_temporary_folder()
    folder = _beside_librosa()
    if folder and not is_writable(folder) and not _has_numba_cache():
        _give_numba_cache(temporary_folder())


def _beside_librosa() -> Path | None:
    if not is_installed("librosa"):
        return None
    spec = importlib.util.find_spec("librosa")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "core" / "__pycache__"


def _has_numba_cache() -> bool:
    """Return whether Numba knows where to keep the functions of librosa."""
    import numba

    function = importlib.import_module("librosa.version").show_versions
    try:
        numba.njit(cache=True)(function)  # looks for a place, compiles nothing
    except RuntimeError:
        return False
    return True


def _give_numba_cache(folder: str) -> None:
    from numba.core import config

    os.environ["NUMBA_CACHE_DIR"] = folder
    config.reload_config()


def check_numba() -> None:
    """Raise `ConfigError` where Numba, which librosa needs, would refuse to start."""
    given = os.environ.get(_NUMBA, "")
    try:
        is_refused = "numba" not in sys.modules and int(given) < 1
    except ValueError:  # Numba takes its own default then
        return
    if is_refused:
        raise ConfigError(f"{_NUMBA} must be a number above 0, got {show(given)}")
