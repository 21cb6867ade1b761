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
# Log odds that favour what was decided: more of it keeps the bars of a song after half
# a bar where they were, and is wrong more often (validation songs)
_PRIOR = 0.5


class Follower:
    """The beats of a stream, as far as it has come.

    Parameters
    ----------
    tracker : Tracker
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._recent = RecentFeatures(tracker.config.rhythm)
        self._min_confidence = tracker.config.decoding.min_confidence
        self._per_s = tracker.config.rhythm.columns_per_s
        self._activations = np.zeros((0, 2), np.float32)  # of the last columns
        self._first = 0  # column of the stream at which `_activations` begin
        self._silent_from = 0  # column since which there was nothing but silence
        self._latest = Beats.grid(PLAIN_TEMPO_BPM, 1.0, confidence=0.0)
        self._decided_s = np.zeros(0)  # beats that cannot be moved any more
        self._decided_bars_s = np.zeros(0)

    def follow(self, memory: np.ndarray, sample_rate: float, origin_s: float) -> Beats:
        """Return beats, in seconds of the stream, by all that is known of it now.

        They last as long as the sound, and continue the last beats where it falls
        silent; where nothing is certain they are a plain grid.

        Parameters
        ----------
        memory : np.ndarray, shape=(n_channels, n_frames)
            The last seconds of the stream.
        sample_rate : float
            Hz.
        origin_s : float
            When the first frame of `memory` came.
        """
        self._update(memory, sample_rate, origin_s)
        until_s = origin_s + memory.shape[1] / sample_rate
        estimate = self._decode()
        certain = estimate.confidence >= self._min_confidence
        if certain and not np.any(self._decided_s > estimate.times_s[-1]):
            self._latest = estimate
        elif not len(self._decided_s):
            self._latest = Beats.grid(
                PLAIN_TEMPO_BPM, until_s, confidence=estimate.confidence
            )
        return self._latest.extend(until_s)

    def decide(self, beats: Beats, until_s: float) -> None:
        """Take the beats up to `until_s` for decided, unless they are a plain grid."""
        if beats.confidence < self._min_confidence:
            return
        self._decided_s = _append_decided(self._decided_s, beats.times_s, until_s)
        self._decided_bars_s = _append_decided(
            self._decided_bars_s, beats.downbeats_s, until_s
        )

    def _decode(self) -> Beats:
        """Return the beats in all that is known; in silence there are none."""
        if self._first >= self._silent_from:
            return Beats(np.zeros(0), np.zeros(0), PLAIN_TEMPO_BPM, 4, 0.0)
        start_s = self._first / self._per_s
        beats = self._tracker.decode(self._activations, self._prior(start_s))
        return beats.shift(start_s)

    def _update(self, memory: np.ndarray, sample_rate: float, origin_s: float) -> None:
        """Predict the new columns, and those before, which have more context now."""
        column = int(np.ceil(origin_s * self._per_s - 1e-6))
        skipped = round((column / self._per_s - origin_s) * sample_rate)
        sound = memory[:, skipped:]
        latest = self._tracker.predict_activations(
            sound, sample_rate, self._recent, column
        )
        known = self._first + len(self._activations)
        if known < column:  # after a pause between calls: what is known is past
            self._activations = self._activations[:0]
            self._first = known = column
        settled = column + round(_SETTLED_S * self._per_s) if column else 0
        begin = min(settled, known)
        kept = self._activations[: begin - self._first]
        activations = np.concatenate([kept, latest[begin - column :]])
        n_old = max(0, len(activations) - round(_SPAN_S * self._per_s))
        self._first += n_old
        self._activations = activations[n_old:]
        if sound.any():
            self._silent_from = column + len(latest)

    def _prior(self, start_s: float) -> np.ndarray:
        """Return the log odds that what was decided adds at each column."""
        prior = np.zeros_like(self._activations)
        for decided_s, channel, log_odds in (
            (self._decided_s, 0, _PRIOR),
            (self._decided_s, 1, -_PRIOR),
            (self._decided_bars_s, 1, _PRIOR),
        ):
            columns = np.round((decided_s - start_s) * self._per_s).astype(int)
            near = (columns[:, None] + (-1, 0, 1)).ravel()
            prior[near[(near >= 0) & (near < len(prior))], channel] = log_odds
        return prior


def _append_decided(old: np.ndarray, times_s: np.ndarray, until_s: float) -> np.ndarray:
    """Return decided times with those that follow, as far back as is looked."""
    last_s = old[-1] + _APART_S if len(old) else -np.inf
    new = times_s[(times_s > last_s) & (times_s <= until_s + 0.01)]
    both = np.concatenate([old, new])
    return both[both > until_s - _SPAN_S]
