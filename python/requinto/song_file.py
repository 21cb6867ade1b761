# SPDX-License-Identifier: GPL-3.0-or-later
"""A song in a sound file, read in blocks as often as needed, and checked once."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Generator, Iterator

import numpy as np

from requinto.audio import ChannelStatistics, SampleChecks
from requinto.checks import is_number, show
from requinto.errors import AudioError, AudioFileError
from requinto_files.audio_reader import SoundReader, open_sound

_STEP = 61  # one of so many frames is compared, to notice that a file changed


class SongFile:
    """A song in an open file, or an excerpt of it; see `Song`.

    Attributes
    ----------
    path : str or path
    sample_rate : int
        Hz.
    n_channels, n_frames : int
    n_channels_in_file : int
        More than `n_channels` where they are mixed down.
    start_s : float
        Where the excerpt begins in the file, in seconds, to the sample.
    statistics : ChannelStatistics
    problems : tuple of str
        One clause for each thing that is missing or damaged.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        reader: SoundReader,
        start_s: float = 0.0,
        end_s: float | None = None,
    ) -> None:
        self.path, self._reader = path, reader
        self.sample_rate, self.n_channels = reader.sample_rate, reader.n_channels
        self.n_channels_in_file = reader.n_channels_in_file
        self._start = round(start_s * self.sample_rate)
        self._stop = None if end_s is None else round(end_s * self.sample_rate)
        self.start_s = self._start / self.sample_rate
        is_excerpt = self._start > 0 or self._stop is not None
        self.n_frames = 0
        self.statistics = ChannelStatistics()
        self._checksums: list[int] = []
        name = f"the excerpt of {path}" if is_excerpt else str(path)
        checks = SampleChecks(self.sample_rate, name)
        for block in self._read():
            checks.add(block)
            self.statistics.add(block)
            self._checksums.append(_checksum(block))
            self.n_frames += block.shape[1]
        if is_excerpt and not self.n_frames:
            raise self._empty_error(start_s, end_s)
        checks.finish()
        self.problems = reader.problems

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the song, or raise `AudioFileError` where it is not as it was."""
        n_read = 0
        for i, block in enumerate(self._read()):
            n_read += block.shape[1]
            if self._checksums[i : i + 1] != [_checksum(block)]:
                raise self._change_error()
            yield block
        if n_read != self.n_frames:
            raise self._change_error()

    def _read(self) -> Generator[np.ndarray, None, None]:
        """Yield the frames of the excerpt; decode none that lie after it."""
        first = 0  # frame of the block
        with contextlib.closing(self._reader.blocks()) as blocks:
            for block in blocks:
                part = block[:, max(0, self._start - first) :]
                if self._stop is not None:
                    part = part[:, : max(0, self._stop - max(first, self._start))]
                if part.shape[1]:
                    yield part
                first += block.shape[1]
                if self._stop is not None and first >= self._stop:
                    return

    def _empty_error(self, start_s: float, end_s: float | None) -> AudioError:
        n_frames = sum(block.shape[1] for block in self._reader.blocks())
        end = "its end" if end_s is None else f"{end_s:g} s"
        return AudioError(
            f"there is nothing of {self.path} from {start_s:g} s to {end}: it lasts "
            f"{n_frames / self.sample_rate:.2f} s"
        )

    def _change_error(self) -> AudioFileError:
        return AudioFileError(
            f"{self.path} changed while it was read; start again when it is complete"
        )


@contextlib.contextmanager
def open_song(
    path: str | os.PathLike[str],
    *,
    downmix: bool = False,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> Iterator[SongFile]:
    """Open a song, as far as it can be read, and read it once to check it.

    Parameters
    ----------
    path : str or path
    downmix : bool
        Whether 3 to 8 channels become stereo; see `requinto_files.downmix`.
    start_s, end_s : float
        The excerpt to take for the song, in seconds, rounded to frames; to the end of
        the file unless an end is given, or where it lies after that.

    Raises
    ------
    AudioFileError
        If nothing can be read.
    AudioError
        If it is not sound to work with, or the excerpt is empty; the message names the
        file.
    """
    _check_time(start_s, "start")
    if end_s is not None:
        _check_time(end_s, "end")
    with open_sound(path, downmix=downmix) as reader:
        yield SongFile(path, reader, start_s, end_s)


def _check_time(time_s: float, name: str) -> None:
    if not (is_number(time_s) and 0 <= time_s < np.inf):
        raise AudioError(
            f"the {name} of an excerpt must be a number of seconds, 0 or more, got "
            f"{show(time_s)}"
        )


def _checksum(block: np.ndarray) -> int:
    """Return a number that differs when a block does, at next to no cost."""
    return zlib.crc32(block[:, ::_STEP].tobytes())
