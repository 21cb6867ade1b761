# SPDX-License-Identifier: GPL-3.0-or-later
"""Give libraries a folder to write to where the system seems to offer none.

TensorFlow asks for a temporary folder when it is imported, Numba, which librosa needs
in the workshop, for one to keep compiled functions in, and Matplotlib for one of
settings.  In a container whose file system is read-only, or for a user without a home,
there may be none of them.
"""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from requinto import threads
from requinto.errors import RequintoError
from requinto.packages import is_installed

_LAST_RESORTS = ("/dev/shm", f"/run/user/{getattr(os, 'getuid', int)()}")


def prepare_temporary_folder() -> None:
    """Choose a folder for temporary files, also where the usual ones are read-only.

    Raises
    ------
    RequintoError
        If no folder can be written at all.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        folder = next((f for f in _LAST_RESORTS if _is_writable(Path(f))), None)
        if folder is None:
            raise RequintoError(
                f"no folder for temporary files can be written ({error}): "
                "set TMPDIR to one that can"
            ) from error
        tempfile.tempdir = folder


def prepare_librosa() -> None:
    """See to it that Numba starts, and has where to write, before librosa is used.

    Raises
    ------
    ConfigError
        If `NUMBA_NUM_THREADS` is not a number of threads.
    RequintoError
        If no folder can be written at all.
    """
    threads.check_numba()
    prepare_temporary_folder()
    folder = _beside_librosa()
    if folder and not _is_writable(folder) and not _has_numba_cache():
        _give_numba_cache(_temporary_folder())


def prepare_folders() -> None:
    """See to it that TensorFlow and Matplotlib have where to write.

    Raises
    ------
    RequintoError
        If no folder can be written at all.
    """
    prepare_temporary_folder()
    if "MPLCONFIGDIR" not in os.environ and not _has_home():
        os.environ["MPLCONFIGDIR"] = _temporary_folder()


def _temporary_folder() -> str:
    """Return a new folder that is removed when this process exits."""
    folder = tempfile.mkdtemp(prefix="requinto-")
    atexit.register(_remove, folder, os.getpid())
    return folder


def _has_home() -> bool:
    try:
        return _is_writable(Path.home())
    except RuntimeError:  # of a user whom the system does not know
        return False


def _is_writable(folder: Path) -> bool:
    # Permissions do not tell: a superuser has all of them on a read-only system too
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


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


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:  # not a fork of it
        shutil.rmtree(folder, ignore_errors=True)
