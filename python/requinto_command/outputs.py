# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what a command is to write before it works, and write it."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from rich.console import Console

from requinto.errors import AudioFileError
from requinto.spectrograms import ROW_S
from requinto_command.messages import warn
from requinto_files import audio_writer
from requinto_files.audio_reader import SampleBuffer
from requinto_files.audio_writer import Progress, SoundWriter
from requinto_files.output_files import (
    PICTURE_ENDINGS,
    check_output,
    check_output_folder,
    refer_to_one_file,
    whole_file,
)

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


def write_sounds(
    paths: Sequence[Path | None],
    blocks: Iterable[Sequence[np.ndarray]],
    shape: tuple[int, int],
    sample_rate: int,
    *,
    overwrite: bool,
    progress: Progress = lambda share: None,
) -> float:
    """Write sounds as they come, all at one gain, and warn if that is not 1.

    FLAC and Ogg end at full scale: what exceeds it would be clipped, and sounds that
    add up to a song would no longer. So where one file cannot hold its peak, all are
    written at the gain with which it can. All files appear when all are complete.

    Parameters
    ----------
    paths : sequence of path or None
        Where each sound goes, if anywhere.
    blocks : iterable of sequences of np.ndarray
        A block of each of the sounds, `(n_channels, n_frames)`, float32.
    shape : (int, int)
        Of each sound.
    sample_rate : int
        Hz.
    overwrite : bool
        Whether files that are there may be replaced.
    progress : callable
        Called with the share that is done of what is left to do after the last block.

    Returns
    -------
    float
        The gain, 1 or less.

    Raises
    ------
    AudioFileError
        If a file cannot be written.
    """
    with contextlib.ExitStack() as stack:
        writers: list[SoundWriter | None] = [None] * len(paths)
        for i, path in enumerate(paths):
            if path:
                writer = SoundWriter(path, *shape, sample_rate, overwrite=overwrite)
                writers[i] = stack.enter_context(writer)
        for sounds in blocks:
            for each, sound in zip(writers, sounds, strict=True):
                if each:
                    each.write(sound)
        gain = _finish([writer for writer in writers if writer], progress)
    return gain


def _finish(writers: Sequence[SoundWriter], progress: Progress) -> float:
    gain = _common_gain(writers)
    for i, writer in enumerate(writers):
        writer.finish(gain, functools.partial(_notify, progress, i, len(writers)))
    for writer in writers:
        writer.publish()
    progress(1.0)
    return gain


def _notify(progress: Progress, i: int, n: int, share: float) -> None:
    progress((i + share) / n)


def _common_gain(writers: Sequence[SoundWriter]) -> float:
    peaks = {str(w.path): w.peak for w in writers if w.peak_limit is not None}
    gain = audio_writer.common_gain(peaks)
    if gain < 1.0:
        path, largest = max(peaks.items(), key=lambda item: item[1])
        warn(
            f"{path} cannot hold a peak of {largest:.4g}, {_db(largest):+.2f} dB; all "
            f"sounds are written at {gain:.6f} of their level, {_db(gain):+.2f} dB "
            "(.wav holds every peak)"
        )
    return gain


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

    def add(self, mixture: np.ndarray, part: np.ndarray) -> None:
        """Add the next block of a song, and of what was extracted from it."""
        for buffer, block in zip(self._buffers, (mixture, part), strict=True):
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
