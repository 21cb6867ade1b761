# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the sounds that a command is given, and say what is missing of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto import song_file
from requinto.audio import check_reference_samples, check_samples
from requinto.song_file import SongFile
from requinto_command.messages import warn
from requinto_command.options import STDIN
from requinto_files.audio_reader import SampleBuffer, open_sound
from requinto_files.errors import RequintoError
from requinto_files.streams import stdin_file

_STDIN_NAME = "standard input"


class Sound(NamedTuple):
    """A sound that was read whole, as far as it could be."""

    samples: np.ndarray  # (n_channels, n_frames), float32
    sample_rate: int  # Hz
    problems: tuple[str, ...]  # one clause for each thing that is missing or damaged
    downmixed_from: int | None  # channels of the file, where they were mixed down


def read_song(path: Path) -> Sound:
    """Return a song, or standard input, as far as it can be read.

    Warns on stderr of what cannot, and where more than two channels are mixed down.

    Raises
    ------
    AudioFileError
        If nothing can be read.
    AudioError
        If it is not sound to work with; the message names the file.
    """
    with _source(path) as source:
        return _read(source, _name(path), check_samples, downmix=True)


def read_reference(path: Path, *, downmix: bool) -> Sound:
    """Return a reference in the same way; silence is no reference either."""
    return _read(path, str(path), check_reference_samples, downmix=downmix)


def _read(
    source: Path, name: str, check: Callable[..., np.ndarray], *, downmix: bool
) -> Sound:
    with open_sound(source, downmix=downmix) as reader:
        buffer = SampleBuffer(reader.n_channels, reader.n_expected)
        for block in reader.blocks():
            buffer.append(block)
        rate, n_in_file = reader.sample_rate, reader.n_channels_in_file
        problems = reader.problems
    samples = check(buffer.samples(), rate, str(source))
    n_downmixed = count_downmixed(n_in_file, len(samples))
    warn_of_input(name, problems, n_downmixed)
    return Sound(samples, rate, problems, n_downmixed)


@contextlib.contextmanager
def open_song(
    path: Path, *, downmix: bool, start_s: float = 0.0, end_s: float | None = None
) -> Iterator[SongFile]:
    """Open a song, or an excerpt of it, in the same way; read it once to check it."""
    with (
        _source(path) as source,
        song_file.open_song(
            source, downmix=downmix, start_s=start_s, end_s=end_s
        ) as song,
    ):
        warn_of_input(_name(path), song.problems, downmixed_from(song))
        yield song


def downmixed_from(song: SongFile) -> int | None:
    """Return the channels of a song's file where they are mixed down, else None."""
    return count_downmixed(song.n_channels_in_file, song.n_channels)


def name_problems(problems: Mapping[Path, Sequence[str]]) -> list[str]:
    """Return what is missing of some files, each with its name."""
    return [
        f"{_name(path)}: {problem}" for path in problems for problem in problems[path]
    ]


def count_downmixed(n_in_file: int, n_channels: int) -> int | None:
    """Return the channels of a file where they are mixed down, else None."""
    return n_in_file if n_in_file > n_channels else None


def warn_of_input(name: str, problems: Sequence[str], n_downmixed: int | None) -> None:
    """Say what is missing of a sound, and of how many channels it was mixed down."""
    if problems:
        warn(f"{name} is not whole: {'; '.join(problems)}; what is there is used")
    if n_downmixed:
        warn(f"{name} has {n_downmixed} channels; a stereo downmix of them is used")


def _name(path: Path) -> str:
    return _STDIN_NAME if path == STDIN else str(path)


@contextlib.contextmanager
def _source(path: Path) -> Iterator[Path]:
    """Give the file of a song, which standard input is saved to."""
    if path != STDIN:
        yield path
        return
    with stdin_file() as saved:
        try:
            yield saved
        except RequintoError as error:
            message = str(error).replace(str(saved), _STDIN_NAME)
            raise type(error)(message) from error
