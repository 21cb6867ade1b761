# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock on a folder, which is gone when the process that holds it is."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from requinto_batch.errors import BatchError

_POSITION = 1 << 30  # of the byte that is locked where whole files cannot be


@contextlib.contextmanager
def locked(path: Path, folder: Path) -> Iterator[None]:
    """Hold the lock at `path`, or raise `BatchError` where another process does.

    Parameters
    ----------
    path : Path
        A file, made if need be; it stays.
    folder : Path
        What is locked, for the message.
    """
    with open(path, "a+b", buffering=0) as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            file.seek(0)
            owner = file.read(200).decode(errors="replace").strip()
            raise BatchError(
                f"{folder} is in use by another batch ({owner or 'just begun'}); "
                "wait for it, or name another folder"
            ) from error
        with contextlib.suppress(OSError):  # a full disk: the lock holds without it
            file.truncate(0)
            file.write(f"process {os.getpid()} on {platform.node()}\n".encode())
        yield


def _lock(number: int) -> None:
    """Lock an open file, or raise `OSError`."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        os.lseek(number, _POSITION, os.SEEK_SET)
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
