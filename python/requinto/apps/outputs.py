# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what a command is to write before it works, and write it."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer

from requinto import audio_writer
from requinto.apps.messages import warn
from requinto.errors import AudioFileError
from requinto.output_files import (
    PICTURE_ENDINGS,
    check_output,
    check_output_folder,
    refer_to_one_file,
    whole_file,
)

Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are there.")
]
SOUND, PICTURE = audio_writer.ENDINGS, PICTURE_ENDINGS
JSON, PAGE = (".json",), (".md",)
_SHOWN_S = 60.0


class Output(NamedTuple):
    """A file that a command is to write, or none."""

    path: Path | None
    endings: tuple[str, ...]  # SOUND, PICTURE, JSON or PAGE


class SoundOutput(NamedTuple):
    """A sound to be written, or the difference of two."""

    path: Path | None
    samples: np.ndarray  # (n_channels, n_frames)
    minus: np.ndarray | None = None  # taken from `samples` on the way


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
    paths: Iterable[Path | None], audio: np.ndarray, sample_rate: int
) -> None:
    """Raise `AudioFileError` unless sound files can each hold as much as `audio`."""
    n_channels, n_frames = audio.shape
    n_bytes: Counter[int] = Counter()  # by disk
    for path in filter(None, paths):
        disk = path.absolute().parent.stat().st_dev
        n_bytes[disk] += audio_writer.check_capacity(
            path, n_channels, n_frames, sample_rate, n_bytes[disk]
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
    outputs: Sequence[SoundOutput], sample_rate: int, *, overwrite: bool
) -> float:
    """Write sounds, all at one gain, and warn if that is not 1.

    FLAC and Ogg end at full scale: what exceeds it would be clipped, and sounds that
    add up to a song would no longer. So where one file cannot hold its peak, all are
    written at the gain with which it can.

    Returns
    -------
    float
        The gain, 1 or less.
    """
    named = [output for output in outputs if output.path is not None]
    limited = [o for o in named if audio_writer.kind_of(str(o.path)).peak is not None]
    peaks = {str(o.path): audio_writer.peak(o.samples, o.minus) for o in limited}
    gain = audio_writer.common_gain(peaks)
    if gain < 1.0:
        path, largest = max(peaks.items(), key=lambda item: item[1])
        warn(
            f"{path} cannot hold a peak of {largest:.4g}, {_db(largest):+.2f} dB; all "
            f"sounds are written at {gain:.6f} of their level, {_db(gain):+.2f} dB "
            "(.wav holds every peak)"
        )
    for path_, samples, minus in named:
        assert path_ is not None
        audio_writer.write(
            *(path_, samples, sample_rate),
            minus=minus,
            gain=gain,
            overwrite=overwrite,
        )
    return gain


def beginnings(
    target: str, mixture: np.ndarray, extracted: np.ndarray, sample_rate: int
) -> dict[str, np.ndarray]:
    """Return what a picture shows of an extraction: the first minute, by title."""
    first = slice(0, round(_SHOWN_S * sample_rate))
    whole, part = mixture[:, first], extracted[:, first]
    return {"mixture": whole, target: part, "everything else": whole - part}


def write_json(path: Path | None, record: dict[str, Any], *, overwrite: bool) -> None:
    """Write a result as JSON, where a path is given."""
    if path:
        with whole_file(path, overwrite=overwrite) as unfinished:
            Path(unfinished).write_text(json.dumps(record, indent=1) + "\n")


def _db(ratio: float) -> float:
    return float(20 * np.log10(ratio))
