# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the next bar of a stream for a reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from requinto.audio import AUDIBLE, SHORTEST_S

_LONGEST_S = 8.0  # seconds of a bar that are kept


class Learner:
    """Waits for a whole bar that sounds, and keeps it.

    Parameters
    ----------
    n_channels : int
        Of the input; what comes after these in a stream is a sidechain, whose bar
        is taken if it sounds.
    sample_rate : float
        Hz.
    """

    def __init__(self, n_channels: int, sample_rate: float) -> None:
        self._n_channels = n_channels
        self._shortest = round(SHORTEST_S * sample_rate)
        self._longest = round(_LONGEST_S * sample_rate)
        self._asked = False
        self._learned: np.ndarray | None = None
        self.since: int | None = None  # frame after which the bar begins

    def ask(self, learn: bool, frame: int) -> None:
        """Begin to wait at a frame of the stream, or give up; once for each asking."""
        if learn != self._asked:
            self._asked = learn
            self.since = frame if learn else None

    def listen(
        self,
        heard: np.ndarray,
        origin: int,
        downbeats: np.ndarray,
        known: int,
        seams: Sequence[int],
    ) -> None:
        """Take the bar if it has come.

        Parameters
        ----------
        heard : np.ndarray, shape=(n_channels + n_sidechain, n_frames)
            The stream from frame `origin` on, from `since` at the latest.
        origin : int
        downbeats : np.ndarray of int
            Ascending frames, from `since` on.
        known : int
            Frame up to which the stream may be looked at.
        seams : sequence of int
            Frames at which the sound does not go on: no bar runs across.
        """
        while self.since is not None:
            bars = downbeats[downbeats >= self.since]
            ends = bars[bars >= bars[0] + self._shortest] if len(bars) else bars
            if not len(ends) or min(ends[0], bars[0] + self._longest) > known:
                return
            start, end = int(bars[0]), min(int(ends[0]), int(bars[0]) + self._longest)
            broken = [seam for seam in seams if start < seam < end]
            bar = heard[:, start - origin : end - origin]
            side = bar[self._n_channels :]
            chosen = side if _sounds(side) else bar[: self._n_channels]
            if broken:
                self.since = broken[0]
            elif not _sounds(chosen):
                self.since = end
            else:
                self._learned, self.since = chosen.copy(), None

    def take(self) -> np.ndarray | None:
        """Return the bar that was learnt, `(n_channels, n_frames)`, once."""
        learned, self._learned = self._learned, None
        return learned


def _sounds(audio: np.ndarray) -> bool:
    return bool(np.any(np.abs(audio) > AUDIBLE))
