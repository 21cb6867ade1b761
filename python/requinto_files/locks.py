# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock on a folder, which is gone when the process that holds it is."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from requinto_files.errors import RequintoError

# What systems answer where another process holds the lock
_HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)
_POSITION = 1 << 30  # of the byte that is locked where whole files cannot be


class LockHeld(RequintoError):
    """Another process holds a lock."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock at `path`; a context.

    Parameters
    ----------
    path : Path
        A file, made if need be; it stays.

    Raises
    ------
    LockHeld
        If another process holds it; the message says which, or nothing where that has
        just begun.
    OSError
        If the file cannot be written, or its file system has no locks.
    """
    with open(path, "a+b", buffering=0) as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            if error.errno not in _HELD:
                raise
            file.seek(0)
            owner = file.read(200).decode(errors="replace").strip()
            raise LockHeld(owner) from error
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
