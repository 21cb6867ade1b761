# SPDX-License-Identifier: GPL-3.0-or-later
"""A song as blocks of sound, so that it is never held in memory as a whole."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from requinto.audio import ChannelStatistics, channel_statistics
from requinto_files.audio_reader import N_FRAMES


class Song(Protocol):
    """Sound that can be read from its beginning as often as needed."""

    @property
    def sample_rate(self) -> float:
        """Hz."""

    @property
    def n_channels(self) -> int:
        """1 or 2."""

    @property
    def n_frames(self) -> int:
        """Frames in all."""

    @property
    def statistics(self) -> ChannelStatistics:
        """Of the whole song."""

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the song `(n_channels, n_frames)`, float32, in blocks."""


class ArraySong:
    """A song that a caller holds.

    Parameters
    ----------
    samples : np.ndarray, shape=(n_channels, n_frames)
        float32.
    sample_rate : float
        Hz.
    """

    def __init__(self, samples: np.ndarray, sample_rate: float) -> None:
        self._samples = samples
        self.sample_rate = sample_rate
        self.n_channels, self.n_frames = samples.shape

    @property
    def statistics(self) -> ChannelStatistics:
        """Of the whole song."""
        return channel_statistics(self._samples)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the song in blocks, which are views."""
        for start in range(0, self.n_frames, N_FRAMES):
            yield self._samples[:, start : start + N_FRAMES]


class SongWindow:
    """A stretch of a song that moves towards its end.

    Parameters
    ----------
    blocks : iterator of np.ndarray
        The song in blocks `(n_channels, n_frames)`, read no further than needed.
    n_channels : int
    """

    def __init__(self, blocks: Iterator[np.ndarray], n_channels: int) -> None:
        self._source = blocks
        self._blocks: collections.deque[np.ndarray] = collections.deque()
        self._first = self._end = 0  # frames between which blocks are held
        self._n_channels = n_channels

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return frames `start` to `stop`, and forget all before `start`.

        Parameters
        ----------
        start, stop : int
            Frames of the song; `start` is 0 or more, and never less than before.

        Returns
        -------
        np.ndarray, shape=(n_channels, n_frames)
            Fewer frames than wanted where the song ends.
        """
        while self._blocks and self._first + self._blocks[0].shape[1] <= start:
            self._first += self._blocks.popleft().shape[1]
        while self._end < stop and (block := next(self._source, None)) is not None:
            self._blocks.append(block)
            self._end += block.shape[1]
        parts, first = [np.zeros((self._n_channels, 0), np.float32)], self._first
        for block in self._blocks:
            within = slice(max(start - first, 0), max(max(stop, start) - first, 0))
            parts.append(block[:, within])
            first += block.shape[1]
        return np.concatenate(parts, axis=1)
