# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what a command is to write before it works, and write it."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from rich.console import Console

from requinto.errors import AudioFileError
from requinto.song_separation import Stretch
from requinto.spectrograms import ROW_S
from requinto_command.messages import warn
from requinto_files import audio_writer
from requinto_files.audio_reader import SampleBuffer
from requinto_files.output_files import (
    PICTURE_ENDINGS,
    check_output,
    check_output_folder,
    refer_to_one_file,
    whole_file,
)
from requinto_files.sound_set import Levels

Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are there.")
]
JsonPath = Annotated[
    Path | None, typer.Option("--json", help="Where to write the result as JSON.")
]
SOUND, PICTURE = audio_writer.ENDINGS, PICTURE_ENDINGS
JSON, PAGE = (".json",), (".md",)
_TABLE_WIDTH = 180  # characters


class Output(NamedTuple):
    """A file that a command is to write, or none."""

    path: Path | None
    endings: tuple[str, ...]  # SOUND, PICTURE, JSON or PAGE


def check_outputs(
    outputs: Iterable[Output], inputs: Iterable[Path | None], *, overwrite: bool
) -> None:
    """Fail before an hour of work, not after it.

    Raises
    ------
    AudioFileError
        If a file has an ending that its kind does not know, cannot be written, is
        there and may not be replaced, or is an input or another output.
    """
    named = [(path, endings) for path, endings in outputs if path is not None]
    for (path, _), other in itertools.product(named, filter(None, inputs)):
        _check_different(path, other, "is an input, and is never replaced")
    for path, endings in named:
        check_output(path, endings, overwrite=overwrite)
    for (path, _), (other, _) in itertools.combinations(named, 2):
        _check_different(path, other, f"is {other}, another output")


def _check_different(path: Path, other: Path, problem: str) -> None:
    if refer_to_one_file(path, other):
        raise AudioFileError(f"{path} {problem}: the files named must differ")


def check_capacity(
    paths: Iterable[Path | None], n_channels: int, n_frames: int, sample_rate: int
) -> None:
    """Raise `AudioFileError` unless sound files can each hold so much, and find room.

    Files on one disk share its room.
    """
    n_bytes: Counter[int] = Counter()  # by disk
    for path in filter(None, paths):
        disk = path.absolute().parent.stat().st_dev
        n_bytes[disk] += audio_writer.check_capacity(
            *(path, n_channels, n_frames, sample_rate, n_bytes[disk])
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
            f"of their level, {_db(levels.gain):+.2f} dB (.wav holds every peak)"
        )


class Beginnings:
    """What a picture shows of an extraction: its first row, a minute.

    Parameters
    ----------
    n_channels : int
    sample_rate : float
        Hz.
    """

    def __init__(self, n_channels: int, sample_rate: float) -> None:
        self._n_frames = round(ROW_S * sample_rate)
        self._buffers = [SampleBuffer(n_channels, self._n_frames) for _ in range(2)]

    def add(self, stretch: Stretch) -> None:
        """Add the next stretch of a song, and of what was extracted from it."""
        sounds = (stretch.mixture, stretch.extracted[0])
        for buffer, block in zip(self._buffers, sounds, strict=True):
            buffer.append(block[:, : self._n_frames - buffer.n_frames])

    def by_title(self, target: str) -> dict[str, np.ndarray]:
        """Return the sounds to be shown, by their titles."""
        whole, part = (buffer.samples() for buffer in self._buffers)
        return {"mixture": whole, target: part, "everything else": whole - part}


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
