# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the sounds that a command is given, and say what is missing of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from requinto import song_file
from requinto.audio import check_reference_samples, check_samples
from requinto.song_file import SongFile
from requinto_command.messages import warn
from requinto_files.audio_reader import Recording, read_available


def read_song(
    path: Path, check: Callable[..., np.ndarray] = check_samples
) -> Recording:
    """Return a song, as far as it can be read; warn on stderr of what cannot.

    Raises
    ------
    AudioFileError
        If nothing can be read.
    AudioError
        If it is not sound to work with; the message names the file.
    """
    recording = read_available(path)
    samples = check(recording.samples, recording.sample_rate, str(path))
    _warn_of_problems(path, recording.problems)
    return recording._replace(samples=samples)


@contextlib.contextmanager
def open_song(path: Path) -> Iterator[SongFile]:
    """Open a song in the same way, and read it once to check it."""
    with song_file.open_song(path) as song:
        _warn_of_problems(path, song.problems)
        yield song


def read_reference(path: Path) -> Recording:
    """Return a reference in the same way; silence is no reference either."""
    return read_song(path, check_reference_samples)


def _warn_of_problems(path: Path, problems: Sequence[str]) -> None:
    if problems:
        warn(f"{path} is not whole: {'; '.join(problems)}; what is there is used")


def name_problems(problems: Mapping[Path, Sequence[str]]) -> list[str]:
    """Return what is missing of some files, each with its name."""
    return [f"{path}: {problem}" for path in problems for problem in problems[path]]
