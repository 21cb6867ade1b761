# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock on a folder, which is gone when the process that holds it is."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from requinto.errors import reason_of
from requinto_batch.errors import BatchError

# What systems answer where another process holds the lock
_HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)
_POSITION = 1 << 30  # of the byte that is locked where whole files cannot be


@contextlib.contextmanager
def locked(path: Path, folder: Path) -> Iterator[None]:
    """Hold the lock at `path`; a context.

    Parameters
    ----------
    path : Path
        A file, made if need be; it stays.
    folder : Path
        What is locked, for the message.

    Raises
    ------
    BatchError
        If another process holds it, or the file system has no locks.
    """
    with open(path, "a+b", buffering=0) as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            if error.errno not in _HELD:
                raise BatchError(
                    f"{folder} cannot be locked: {reason_of(error)}"
                ) from error
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
