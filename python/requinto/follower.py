# SPDX-License-Identifier: GPL-3.0-or-later
"""Track beats while they are played: what was decided stays, and weighs."""

from __future__ import annotations

import numpy as np

from requinto.beats import Beats
from requinto.rhythm import RecentFeatures
from requinto.tracker import PLAIN_TEMPO_BPM, Tracker

_SPAN_S = 24.0  # seconds of the past that beats are chosen by
_SETTLED_S = 3.0  # before this much of the past the network's context is cut off
_APART_S = 0.1  # seconds; times closer than this are one beat
# Log odds by which what was decided is favoured: more of it keeps the bars of a song
# after half a bar where they were, and is wrong more often (validation songs)
_HABIT = 0.5


class Follower:
    """The beats of a stream, as far as it has been heard.

    Parameters
    ----------
    tracker : Tracker
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._recent = RecentFeatures(tracker.config.rhythm)
        self._least = tracker.config.decoding.least_confidence
        self._per_s = tracker.config.rhythm.columns_per_s
        self._heard = np.zeros((0, 2), np.float32)  # of the last columns
        self._first = 0  # column of the stream at which `_heard` begins
        self._silent_from = 0  # column since which there was nothing but silence
        self._latest = Beats.grid(PLAIN_TEMPO_BPM, 1.0, confidence=0.0)
        self._decided_s = np.zeros(0)  # beats that cannot be moved any more
        self._decided_bars_s = np.zeros(0)

    def follow(self, memory: np.ndarray, sample_rate: float, origin_s: float) -> Beats:
        """Return beats, in seconds of the stream, by all that is known of it now.

        They go on for as long as there is sound, or as the last beats did where
        it falls silent; where nothing is certain they are a plain grid.

        Parameters
        ----------
        memory : np.ndarray, shape=(n_channels, n_frames)
            The last seconds of the stream.
        sample_rate : float
            Hz.
        origin_s : float
            When the first frame of `memory` came.
        """
        self._listen(memory, sample_rate, origin_s)
        until_s = origin_s + memory.shape[1] / sample_rate
        found = self._decode()
        certain = found.confidence >= self._least
        if certain and not np.any(self._decided_s > found.times_s[-1]):
            self._latest = found
        elif not len(self._decided_s):
            self._latest = Beats.grid(
                PLAIN_TEMPO_BPM, until_s, confidence=found.confidence
            )
        return self._latest.continued(until_s)

    def decide(self, beats: Beats, until_s: float) -> None:
        """Take the beats up to `until_s` for decided, unless they are a plain grid."""
        if beats.confidence < self._least:
            return
        self._decided_s = _extended(self._decided_s, beats.times_s, until_s)
        self._decided_bars_s = _extended(
            self._decided_bars_s, beats.downbeats_s, until_s
        )

    def _decode(self) -> Beats:
        """Return the beats in all that is known; in silence there are none."""
        if self._first >= self._silent_from:
            return Beats(np.zeros(0), np.zeros(0), PLAIN_TEMPO_BPM, 4, 0.0)
        start_s = self._first / self._per_s
        return self._tracker.decode(self._heard, self._habit(start_s)).moved(start_s)

    def _listen(self, memory: np.ndarray, sample_rate: float, origin_s: float) -> None:
        """Hear the new sound, and that before it again, which has more after it now."""
        column = int(np.ceil(origin_s * self._per_s - 1e-6))
        skipped = round((column / self._per_s - origin_s) * sample_rate)
        sound = memory[:, skipped:]
        found = self._tracker.hear(sound, sample_rate, self._recent, column)
        known = self._first + len(self._heard)
        if known < column:  # not asked for a while: what was heard before is past
            self._heard, self._first, known = self._heard[:0], column, column
        settled = column + round(_SETTLED_S * self._per_s) if column else 0
        begin = min(settled, known)
        kept = self._heard[: begin - self._first]
        heard = np.concatenate([kept, found[begin - column :]])
        n_old = max(0, len(heard) - round(_SPAN_S * self._per_s))
        self._first += n_old
        self._heard = heard[n_old:]
        if memory[:, skipped:].any():
            self._silent_from = column + len(found)

    def _habit(self, start_s: float) -> np.ndarray:
        """Return the log odds that what was decided adds at each column."""
        habit = np.zeros_like(self._heard)
        columns = np.round((self._decided_s - start_s) * self._per_s).astype(int)
        bars = np.round((self._decided_bars_s - start_s) * self._per_s).astype(int)
        for side in (-1, 0, 1):
            here = columns + side
            here = here[(here >= 0) & (here < len(habit))]
            habit[here, 0] = _HABIT
            habit[here, 1] = -_HABIT
        for side in (-1, 0, 1):
            here = bars + side
            habit[here[(here >= 0) & (here < len(habit))], 1] = _HABIT
        return habit


def _extended(old: np.ndarray, times_s: np.ndarray, until_s: float) -> np.ndarray:
    """Return decided times with those that follow, as far back as is looked."""
    last_s = old[-1] + _APART_S if len(old) else -np.inf
    new = times_s[(times_s > last_s) & (times_s <= until_s + 0.01)]
    both = np.concatenate([old, new])
    return both[both > until_s - _SPAN_S]
