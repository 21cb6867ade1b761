# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what a command is to write before it works, and write it."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from requinto.errors import AudioFileError
from requinto.song_separation import Stretch
from requinto.spectrograms import ROW_S
from requinto_command.messages import warn
from requinto_command.titles import make_distinct
from requinto_files import audio_writer
from requinto_files.audio_reader import SampleBuffer
from requinto_files.output_files import (
    PICTURE_ENDINGS,
    check_ending,
    check_output,
    check_output_folder,
    plain_name,
    refer_to_one_file,
    whole_file,
)
from requinto_files.sound_set import Levels

SOUND, PICTURE = audio_writer.ENDINGS, PICTURE_ENDINGS
JSON, PAGE = (".json",), (".md",)
_TABLE_WIDTH = 180  # characters


class Output(NamedTuple):
    """A file that a command is to write, or none."""

    path: Path | None
    endings: tuple[str, ...]  # SOUND, PICTURE, JSON or PAGE


def check_outputs(
    outputs: Iterable[Output],
    inputs: Iterable[Path | None],
    *,
    overwrite: bool,
    folders: Iterable[Path] = (),
) -> None:
    """Fail before an hour of work, not after it.

    Parameters
    ----------
    outputs : iterable of Output
    inputs : iterable of path or None
    overwrite : bool
        Whether files that are there may be replaced.
    folders : iterable of path
        Those that will be made before a file is written in them.

    Raises
    ------
    AudioFileError
        If a file has an ending that its kind does not know, cannot be written, is
        there and may not be replaced, or is an input or another output.
    """
    named = [(path, endings) for path, endings in outputs if path is not None]
    files = _FileSet(filter(None, inputs))
    for path, _ in named:
        if files.find(path) is not None:
            raise _same_file_error(path, "is an input, and is never replaced")
    new = {folder for folder in folders if not folder.is_dir()}
    for path, endings in named:
        if path.parent in new:
            check_ending(path, endings)
        else:
            check_output(path, endings, overwrite=overwrite)
    files = _FileSet(())
    for path, _ in named:
        if (other := files.find(path)) is not None:
            raise _same_file_error(path, f"is {other}, another output")
        files.add(path)


def _same_file_error(path: Path, problem: str) -> AudioFileError:
    return AudioFileError(f"{path} {problem}: the files named must differ")


class _FileSet:
    """Paths, to be searched for one that leads to the same file."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths: dict[object, list[Path]] = {}
        for path in paths:
            self.add(path)

    def add(self, path: Path) -> None:
        for key in self._keys(path):
            self._paths.setdefault(key, []).append(path)

    def find(self, path: Path) -> Path | None:
        """Return a path for which `refer_to_one_file` holds, or None."""
        for key in self._keys(path):
            for other in self._paths.get(key, ()):
                if refer_to_one_file(path, other):
                    return other
        return None

    def _keys(self, path: Path) -> Iterator[object]:
        """Yield what a path has in common with each that may be the same file."""
        yield plain_name(os.path.realpath(path))
        with contextlib.suppress(OSError, ValueError):
            status = os.stat(path)
            yield status.st_dev, status.st_ino


def check_capacity(
    paths: Iterable[Path | None],
    n_channels: int,
    n_frames: int,
    sample_rate: int,
    bit_depth: int | None = None,
) -> None:
    """Raise `AudioFileError` unless sound files can each hold so much, and find room.

    The bit depth is one that `sound_kinds.check_bit_depth` accepts. Files on one disk
    share its room.
    """
    n_bytes: Counter[int] = Counter()  # by disk
    for path in filter(None, paths):
        disk = path.absolute().parent.stat().st_dev
        n_bytes[disk] += audio_writer.check_capacity(
            *(path, n_channels, n_frames, sample_rate, n_bytes[disk]),
            bit_depth=bit_depth,
        )


def check_folder(folder: Path | None, *, overwrite: bool) -> None:
    """Raise `AudioFileError` unless a folder for files is new, empty, or given up.

    It must be one that can be made and written to, too.
    """
    if folder is None:
        return
    check_output_folder(folder)
    if not overwrite and folder.is_dir() and any(folder.iterdir()):
        raise AudioFileError(
            f"{folder} is not empty; give --overwrite to replace files in it"
        )


def warn_of_gain(levels: Levels) -> None:
    """Say at what level sounds were written, unless it is their own."""
    if levels.gain < 1.0:
        warn(
            f"{levels.path} cannot hold a peak of {levels.peak:.4g}, "
            f"{_db(levels.peak):+.2f} dB; all sounds are written at {levels.gain:.6f} "
            f"of their level, {_db(levels.gain):+.2f} dB (.wav holds every "
            "peak, unless --bit-depth is less than 32)"
        )


class Beginnings:
    """What a picture shows of an extraction: its first row, a minute.

    Parameters
    ----------
    titles : sequence of str
        Of the instruments.
    n_channels : int
    sample_rate : float
        Hz.
    """

    def __init__(
        self, titles: Sequence[str], n_channels: int, sample_rate: float
    ) -> None:
        self._titles = titles
        self._n_frames = round(ROW_S * sample_rate)
        self._buffers = [
            SampleBuffer(n_channels, self._n_frames) for _ in range(len(titles) + 2)
        ]

    def add(self, stretch: Stretch) -> None:
        """Add the next stretch of a song, and of what was extracted from it."""
        sounds = (stretch.mixture, *stretch.extracted, stretch.rest)
        for buffer, block in zip(self._buffers, sounds, strict=True):
            buffer.append(block[:, : self._n_frames - buffer.n_frames])

    def by_title(self) -> dict[str, np.ndarray]:
        """Return the sounds to be shown, by their titles."""
        titles = make_distinct(["mixture", "everything else"], self._titles)
        rows = (titles[0], *self._titles, titles[1])
        sounds = [buffer.samples() for buffer in self._buffers]
        return dict(zip(rows, sounds, strict=True))


def write_json(path: Path | None, record: dict[str, Any], *, overwrite: bool) -> None:
    """Write a result as JSON, where a path is given."""
    if path:
        with whole_file(path, overwrite=overwrite) as unfinished:
            Path(unfinished).write_text(json.dumps(record, indent=1) + "\n")


def table_console() -> Console:
    """Return where tables go: wide enough for them where no terminal is."""
    console = Console()
    return console if console.is_terminal else Console(width=_TABLE_WIDTH)


def _db(ratio: float) -> float:
    return float(20 * np.log10(ratio))
