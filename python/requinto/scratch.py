# SPDX-License-Identifier: GPL-3.0-or-later
"""Give libraries a folder to write to where the system seems to offer none.

TensorFlow asks for a temporary folder when it is imported, and Matplotlib for one of
settings.  In a container whose file system is read-only, or for a user without a home,
there may be none of them.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from requinto.errors import RequintoError

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
        folder = next((f for f in _LAST_RESORTS if is_writable(Path(f))), None)
        if folder is None:
            raise RequintoError(
                f"no folder for temporary files can be written ({error}): "
                "set TMPDIR to one that can"
            ) from error
        tempfile.tempdir = folder


def prepare_folders() -> None:
    """See to it that TensorFlow and Matplotlib have where to write.

    Raises
    ------
    RequintoError
        If no folder can be written at all.
    """
    prepare_temporary_folder()
    if "MPLCONFIGDIR" not in os.environ and not _has_home():
        os.environ["MPLCONFIGDIR"] = temporary_folder()


def temporary_folder() -> str:
    """Return a new folder that is removed when this process exits."""
    folder = tempfile.mkdtemp(prefix="requinto-")
    atexit.register(_remove, folder, os.getpid())
    return folder


def _has_home() -> bool:
    try:
        return is_writable(Path.home())
    except RuntimeError:  # of a user whom the system does not know
        return False


def is_writable(folder: Path) -> bool:
    """Return whether files can be made in a folder."""
    # Permissions do not tell: a superuser has all of them on a read-only system too
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:  # not a fork of it
        shutil.rmtree(folder, ignore_errors=True)
