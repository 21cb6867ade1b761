# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a sound file from standard input, and give one to standard output.

Sound files are read twice and written with their sizes in front, and a pipe goes one
way; so both are temporary files, which nothing is left of.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from requinto_files.errors import AudioFileError, reason_of
from requinto_files.output_files import write_error

_COPIED = 1 << 20  # bytes at a time
_INPUT, _OUTPUT = "standard input", "standard output"


@contextlib.contextmanager
def stdin_file() -> Iterator[Path]:
    """Give the name of a temporary file that holds all of standard input.

    It has no ending: what it is, its content says.

    Raises
    ------
    AudioFileError
        If standard input is closed, a terminal or empty, or there is no room for it.
    """
    source = _binary(sys.stdin, _INPUT, "pipe a sound file into it, or name one")
    with _temporary_folder() as folder:
        path = folder / _INPUT.replace(" ", "-")
        _store(source, path)
        if not path.stat().st_size:
            raise AudioFileError(f"{_INPUT} is empty; a sound file is needed")
        yield path


@contextlib.contextmanager
def stdout_file(ending: str) -> Iterator[Path]:
    """Give the name of a temporary file, to be written; it goes to standard output.

    It does so at the end, and nothing does where something is raised before.

    Parameters
    ----------
    ending : str
        Of the name, such as ".wav".

    Raises
    ------
    AudioFileError
        As `publish_to_stdout` does; if standard output is a terminal, before the work.
    """
    _stdout()
    with _temporary_folder() as folder:
        path = folder / (_OUTPUT.replace(" ", "-") + ending)
        yield path
        publish_to_stdout(path)


def publish_to_stdout(path: str | os.PathLike[str]) -> None:
    """Copy a finished file to standard output.

    Raises
    ------
    AudioFileError
        If standard output is closed, a terminal or a full disk.
    BrokenPipeError
        If nobody reads it to its end.
    """
    target = _stdout()
    try:
        with open(path, "rb") as file:
            shutil.copyfileobj(file, target, _COPIED)
        target.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise write_error(_OUTPUT, error) from error


def _stdout() -> BinaryIO:
    return _binary(sys.stdout, _OUTPUT, "redirect it to a file or a pipe")


def _binary(stream: TextIO | None, name: str, advice: str) -> BinaryIO:
    """Return the bytes of a standard stream, which a person neither types nor reads."""
    if stream is None or stream.closed:
        raise AudioFileError(f"{name} is closed; {advice}")
    if stream.isatty():
        raise AudioFileError(f"{name} is a terminal; {advice}")
    return stream.buffer


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="requinto-")
    except OSError as error:
        raise AudioFileError(
            f"no temporary file can be made: {reason_of(error)}"
        ) from error
    with folder as name:
        os.chmod(name, 0o700)  # whatever the umask
        yield Path(name)


def _store(source: BinaryIO, path: Path) -> None:
    try:
        with open(path, "xb") as file:
            path.chmod(0o600)
            shutil.copyfileobj(source, file, _COPIED)
    except OSError as error:
        raise write_error(f"{_INPUT}, kept as {path},", error) from error
