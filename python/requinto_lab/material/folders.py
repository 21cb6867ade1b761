# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders: of a library, complete or absent; of what is installed, if it is."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill, which takes its name when all is done.

    Where another process was faster, its folder stays.
    """
    work = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield work
        if not target.exists():
            work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def slug(text: str) -> str:
    """Return a name of lower-case ASCII letters, digits and hyphens for a folder."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def shared_folders(name: str) -> tuple[Path, ...]:
    """Return where a distribution and an administrator install shared data."""
    return Path("/usr/share", name), Path("/usr/local/share", name)


def first_existing(paths: Iterable[Path], error: Exception) -> Path:
    """Return the first path that exists, or raise `error`."""
    for path in paths:
        if path.exists():
            return path
    raise error
