# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture the next bar of a stream, to be a reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from requinto.audio import AUDIBLE, SHORTEST_S

_LONGEST_S = 8.0  # seconds of a bar that are kept


class BarCapture:
    """Waits for a whole bar that sounds, and keeps it.

    Parameters
    ----------
    n_channels : int
        Of the input; channels after these are a sidechain, whose bar is taken if it
        sounds.
    sample_rate : float
        Hz.
    """

    def __init__(self, n_channels: int, sample_rate: float) -> None:
        self._n_channels = n_channels
        self._shortest = round(SHORTEST_S * sample_rate)
        self._longest = round(_LONGEST_S * sample_rate)
        self._is_requested = False
        self._bar: np.ndarray | None = None
        self.since: int | None = None  # frame after which the bar begins

    def request(self, wanted: bool, frame: int) -> None:
        """Begin to wait at a frame of the stream, or give up; once for each request."""
        if wanted != self._is_requested:
            self._is_requested = wanted
            self.since = frame if wanted else None

    def search(
        self,
        samples: np.ndarray,
        origin: int,
        downbeats: np.ndarray,
        known: int,
        seams: Sequence[int],
    ) -> None:
        """Take the bar if it has come.

        Parameters
        ----------
        samples : np.ndarray, shape=(n_channels + n_sidechain, n_frames)
            The stream from frame `origin` on, from `since` at the latest.
        origin : int
        downbeats : np.ndarray of int
            Ascending frames, from `since` on.
        known : int
            Frame up to which the stream counts.
        seams : sequence of int
            Frames at which the sound does not continue: no bar runs across.
        """
        while self.since is not None:
            bars = downbeats[downbeats >= self.since]
            ends = bars[bars >= bars[0] + self._shortest] if len(bars) else bars
            if not len(ends) or min(ends[0], bars[0] + self._longest) > known:
                return
            start, end = int(bars[0]), min(int(ends[0]), int(bars[0]) + self._longest)
            broken = [seam for seam in seams if start < seam < end]
            bar = samples[:, start - origin : end - origin]
            sidechain = bar[self._n_channels :]
            chosen = sidechain if _sounds(sidechain) else bar[: self._n_channels]
            if broken:
                self.since = broken[0]
            elif not _sounds(chosen):
                self.since = end
            else:
                self._bar, self.since = chosen.copy(), None

    def take(self) -> np.ndarray | None:
        """Return the bar that was captured, `(n_channels, n_frames)`, once."""
        bar, self._bar = self._bar, None
        return bar


def _sounds(audio: np.ndarray) -> bool:
    return bool(np.any(np.abs(audio) > AUDIBLE))
