# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the sounds that a command is given, and say what is missing of them."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from requinto.audio import (
    ChannelStatistics,
    SampleChecks,
    check_reference_samples,
    check_samples,
)
from requinto.errors import AudioFileError
from requinto_command.messages import warn
from requinto_files.audio_reader import (
    Recording,
    SoundReader,
    open_sound,
    read_available,
)

_STEP = 61  # one of so many frames is compared, to notice that a file changed


class SongFile:
    """A song in an open file; see `Song`.

    Attributes
    ----------
    path : str or path
    sample_rate : int
        Hz.
    n_channels, n_frames : int
    statistics : ChannelStatistics
    problems : tuple of str
        One clause for each thing that is missing or damaged.
    """

    def __init__(self, path: str | os.PathLike[str], reader: SoundReader) -> None:
        self.path, self._reader = path, reader
        self.sample_rate, self.n_channels = reader.sample_rate, reader.n_channels
        self.n_frames = 0
        self.statistics = ChannelStatistics()
        self._checksums: list[int] = []
        checks = SampleChecks(self.sample_rate, str(path))
        for block in reader.blocks():
            checks.add(block)
            self.statistics.add(block)
            self._checksums.append(_checksum(block))
            self.n_frames += block.shape[1]
        checks.finish()
        self.problems = reader.problems

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the song, or raise `AudioFileError` where it is not as it was."""
        n_read = 0
        for i, block in enumerate(self._reader.blocks()):
            n_read += block.shape[1]
            if self._checksums[i : i + 1] != [_checksum(block)]:
                raise self._change_error()
            yield block
        if n_read != self.n_frames:
            raise self._change_error()

    def _change_error(self) -> AudioFileError:
        return AudioFileError(
            f"{self.path} changed while it was read; start again when it is complete"
        )


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
    with open_sound(path) as reader:
        song = SongFile(path, reader)
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


def _checksum(block: np.ndarray) -> int:
    """Return a number that differs when a block does, at next to no cost."""
    return zlib.crc32(block[:, ::_STEP].tobytes())
