# SPDX-License-Identifier: GPL-3.0-or-later
"""What this process offers: variables, installed packages, folders to write to.

TensorFlow needs a temporary folder when it is imported, and Matplotlib one for its
settings. In a container whose file system is read-only, or for a user without a home,
the usual ones may be missing.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from requinto_files.errors import RequintoError

_LAST_RESORTS = ("/dev/shm", f"/run/user/{getattr(os, 'getuid', int)()}")


def is_installed(name: str) -> bool:
    """Return whether a package can be found; nothing is imported to find out."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):  # refused, or half imported
        return False


def model_folders() -> list[Path]:
    """Return where the models may be, in this order; REQUINTO_MODELS names one."""
    if chosen := os.environ.get("REQUINTO_MODELS"):
        return [Path(chosen).absolute()]  # the current folder may change
    packages = Path(__file__).parents[1]
    installed = [Path(entry) / "requinto" / "models" for entry in sys.path]
    return [packages / "requinto" / "models", packages.parent / "models", *installed]


@contextlib.contextmanager
def changed_variables(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Change environment variables, and put them back; None removes one."""
    before = {name: os.environ.get(name) for name in changes}
    _update(changes)
    try:
        yield
    finally:
        _update(before)


def _update(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


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
    except RuntimeError:  # of a user that the system does not list
        return False


def is_writable(folder: Path) -> bool:
    """Return whether files can be made in a folder."""
    # Permissions do not show it: a superuser has all of them on a read-only system too
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:  # not a fork of it
        shutil.rmtree(folder, ignore_errors=True)
