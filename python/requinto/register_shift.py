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
# Mean gain of far keys, by that of near ones, above which a part plays elsewhere.  Of
# references of the validation sets, in 8 s of each mixture, this takes 4 % of 142 that
# are within 6 semitones for others, and 63 % of 289 that are 9 or more off, 246 of them
# resampled by an octave; of the 17 such of the set `other_register` 9.  Twice in a row
# in a song of 40 s it takes 1 of 26 for others, and 24 of 32 that are an octave off
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
        self._forget()

    def _forget(self) -> None:
        self._sound = self._sound[:, :0]
        self._gains.clear()
        self._verdict = 0.0  # of the last pieces
        self.semitones = 0.0  # as `judge` says, twice in a row

    def add(self, mixture: np.ndarray, extraction: Extraction | None) -> None:
        """Take the mixture that comes next, and what is extracted from it.

        Another target is judged anew.
        """
        known = self._extraction
        if known is None or extraction is None or not extraction.continues(known):
            self._forget()
        self._extraction = extraction
        if extraction is None:
            return
        self._sound = np.concatenate([self._sound, mixture], axis=1)
        while self._sound.shape[1] >= self._piece_frames:
            piece, rest = np.split(self._sound, [self._piece_frames], axis=1)
            self._sound = rest.copy()
            self._judge(extraction.gains(piece, self._sample_rate))

    def _judge(self, gains: np.ndarray | None) -> None:
        """Judge the last pieces, of which one has these gains."""
        if gains is None or not gains.any():
            return
        self._gains.append(gains)
        if len(self._gains) == N_PIECES:
            verdict = judge(np.sum(self._gains, axis=0))
            if np.sign(verdict) == np.sign(self._verdict):
                self.semitones = verdict
            self._verdict = verdict
