# SPDX-License-Identifier: GPL-3.0-or-later
"""What the processes of one run of the tests share: a folder, made things, a lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

_VARIABLE = "REQUINTO_TESTS_SESSION"


def start_session() -> None:
    """Make the folder that this process and those that it starts share."""
    os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="requinto-tests-")


def end_session() -> None:
    """Remove the folder."""
    shutil.rmtree(os.environ.pop(_VARIABLE), ignore_errors=True)


def note_tests_alone(nodeids: list[str]) -> None:
    """Write which tests must run alone, for the process that hands tests out."""
    folder = Path(os.environ[_VARIABLE])
    unfinished = folder / f"alone.{os.getpid()}"
    unfinished.write_text("\n".join(nodeids))
    unfinished.replace(folder / "alone")


def tests_alone() -> set[str]:
    """Return which tests must run alone."""
    return set(Path(os.environ[_VARIABLE], "alone").read_text().splitlines())


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other process holds the lock, and hold it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that the first process to want it has filled.

    Nobody may change what is in it: whoever needs to, copies it.
    """
    if _VARIABLE not in os.environ:  # outside pytest
        start_session()
    session = Path(os.environ[_VARIABLE])
    folder = session / name
    with locked(session / f"{name}.lock"):
        if not folder.exists():
            unfinished = session / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)  # of a test that failed
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder
