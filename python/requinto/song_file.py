# SPDX-License-Identifier: GPL-3.0-or-later
"""A song in a sound file, read in blocks as often as needed, and checked once."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterator

import numpy as np

from requinto.audio import ChannelStatistics, SampleChecks
from requinto.errors import AudioFileError
from requinto_files.audio_reader import SoundReader, open_sound

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


@contextlib.contextmanager
def open_song(path: str | os.PathLike[str]) -> Iterator[SongFile]:
    """Open a song, as far as it can be read, and read it once to check it.

    Raises
    ------
    AudioFileError
        If nothing can be read.
    AudioError
        If it is not sound to work with; the message names the file.
    """
    with open_sound(path) as reader:
        yield SongFile(path, reader)


def _checksum(block: np.ndarray) -> int:
    """Return a number that differs when a block does, at next to no cost."""
    return zlib.crc32(block[:, ::_STEP].tobytes())
