# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a reference plays seems to lie in another register of the song.

A network passes what fits the reference, and little else, so what is extracted says
nothing of notes that it misses.  The templates of the reference do: they are matched
against the mixture in all keys of four octaves, and where it plays elsewhere, far keys
gain more than near ones.
"""

from __future__ import annotations

import collections

import numpy as np

from requinto.separator import Extraction
from requinto.templates import SHIFTS

PIECE_S = 4.0  # seconds of the mixture that are matched at a time
N_PIECES = 2  # that are judged together
_NEAR, _FAR = 4, 8  # semitones: up to which a key is near, and from which it is far
# Gain of far keys, by that of near ones, above which a part plays elsewhere.  By this, in
# 8 s of the validation sets, 4 % of 123 references of the right register are warned of,
# and 61 % of 261 that are 9 semitones or more off
THRESHOLD = 0.9


def judge(gains: np.ndarray) -> float:
    """Return by how many semitones a part seems to lie above the reference, or 0.

    Parameters
    ----------
    gains : np.ndarray, shape=(n_shifts,)
        As `TemplateMatcher.gains` returns them, or sums of these.

    Returns
    -------
    float
        0 where it seems to lie near the reference, or the gains do not tell.
    """
    near = gains[np.abs(SHIFTS) <= _NEAR].mean()
    far = np.abs(SHIFTS) >= _FAR
    if gains[far].mean() <= THRESHOLD * near:
        return 0.0
    above, below = (far & (np.sign(SHIFTS) == sign) for sign in (1, -1))
    side = above if gains[above].sum() > gains[below].sum() else below
    return float(np.average(SHIFTS[side], weights=gains[side]))


class RegisterWatch:
    """Follows, while a stream is watched, how far from the reference its part lies.

    Parameters
    ----------
    sample_rate : float
        Hz.
    n_channels : int
    """

    def __init__(self, sample_rate: float, n_channels: int) -> None:
        self._sample_rate = sample_rate
        self._piece_frames = round(PIECE_S * sample_rate)
        self._sound = np.zeros((n_channels, 0), np.float32)
        self._gains: collections.deque[np.ndarray] = collections.deque(maxlen=N_PIECES)
        self._extraction: Extraction | None = None
        self.semitones = 0.0  # as `judge` says of the last pieces

    def add(self, mixture: np.ndarray, extraction: Extraction | None) -> None:
        """Take the mixture that comes next, and what is extracted from it.

        Another target is judged anew.
        """
        known = self._extraction
        if known is None or extraction is None or not extraction.continues(known):
            self._sound = self._sound[:, :0]
            self._gains.clear()
            self.semitones = 0.0
        self._extraction = extraction
        if extraction is None:
            return
        self._sound = np.concatenate([self._sound, mixture], axis=1)
        if self._sound.shape[1] < self._piece_frames:
            return
        gains = extraction.gains(self._sound, self._sample_rate)
        self._sound = self._sound[:, :0]
        if gains is None or not gains.any():
            return
        self._gains.append(gains)
        if len(self._gains) == N_PIECES:
            self.semitones = judge(np.sum(self._gains, axis=0))
