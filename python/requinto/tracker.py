# SPDX-License-Identifier: GPL-3.0-or-later
"""Track the beats and bars of a sound."""

from __future__ import annotations

import functools
from typing import Protocol

import numpy as np

from requinto.beats import Beats
from requinto.config import TrackerConfig
from requinto.decoding import choose_bars, choose_beats, refined
from requinto.networks import Network
from requinto.rhythm import RecentFeatures, features

# Columns that the network hears at once, fewest first, so that few graphs are traced;
# of these the outermost only as context
BLOCKS = (1024, 4096)
_CONTEXT = 500
_REMEMBERED = 16  # lengths of silence of which the answer is kept
_ENOUGH = 8  # beats; fewer may be chance
PLAIN_TEMPO_BPM = 120.0  # of the grid laid where no beat is heard


class Columns(Protocol):
    """Features, as an array of them or as what reads them from where they are."""

    def __len__(self) -> int: ...

    def __getitem__(self, columns: slice, /) -> np.ndarray: ...


class Tracker:
    """The beat network, and what is made of what it hears.

    Parameters
    ----------
    config : TrackerConfig
    network : Network
        With input and output as `build_beat_network` says.
    """

    def __init__(self, config: TrackerConfig, network: Network) -> None:
        self.config = config
        self._network = network
        self._hear_silence = functools.lru_cache(_REMEMBERED)(self._answer_silence)

    def hear(
        self,
        audio: np.ndarray,
        sample_rate: float,
        recent: RecentFeatures | None = None,
        column: int = 0,
    ) -> np.ndarray:
        """Return the probabilities of a beat and a downbeat at each column.

        Parameters
        ----------
        audio : np.ndarray, shape=(n_channels, n_frames)
            One or two channels.
        sample_rate : float
            Hz.
        recent : RecentFeatures, optional
            Of a stream whose last seconds this is, so that they are analysed once.
        column : int
            Of that stream, at which `audio` begins.

        Returns
        -------
        np.ndarray, shape=(n_columns, 2)
            Column `i` lies at `i / config.rhythm.columns_per_s` seconds.
        """
        if recent is None:
            columns = features(audio, sample_rate, self.config.rhythm)
        else:
            columns = recent.of(audio, sample_rate, column)
        if not columns.any():
            return self._hear_silence(len(columns))
        return self.hear_features(columns)

    def _answer_silence(self, n_columns: int) -> np.ndarray:
        """Return what `hear` does of silence, whose features are zeros."""
        n_features = self.config.rhythm.n_features
        answer = self.hear_features(np.zeros((n_columns, n_features), np.float32))
        answer.flags.writeable = False  # it is remembered
        return answer

    def hear_features(self, sound: Columns) -> np.ndarray:
        """Return the same of what `rhythm.features` gives."""
        n_columns = len(sound)
        size = next((b for b in BLOCKS if b >= n_columns), BLOCKS[-1])
        heard = np.zeros((n_columns, 2), np.float32)
        start = 0
        while True:
            block = sound[start : start + size]
            padded = np.pad(block, ((0, size - len(block)), (0, 0)))
            found = self._network.predict({"features": padded[None]})[0]
            keep = _CONTEXT if start else 0
            heard[start + keep : start + len(block)] = found[keep : len(block)]
            if start + size >= n_columns:
                return heard
            start += size - 2 * _CONTEXT

    def track(self, audio: np.ndarray, sample_rate: float) -> Beats:
        """Return the beats of a sound, or a plain grid where none is heard.

        Parameters
        ----------
        audio : np.ndarray, shape=(n_channels, n_frames)
            One or two channels, finite.
        sample_rate : float
            Hz.
        """
        columns = features(audio, sample_rate, self.config.rhythm)
        return self.track_features(columns, audio.shape[1] / sample_rate)

    def track_features(self, columns: Columns, duration_s: float) -> Beats:
        """Return the same of what `rhythm.features` gives of so many seconds."""
        beats = self.decode(self.hear_features(columns))
        if beats.confidence < self.config.decoding.least_confidence:
            return Beats.grid(PLAIN_TEMPO_BPM, duration_s, confidence=beats.confidence)
        return beats

    def decode(self, heard: np.ndarray, habit: np.ndarray | None = None) -> Beats:
        """Return the beats and bars in what `hear` returned.

        Parameters
        ----------
        heard : np.ndarray, shape=(n_columns, 2)
            Probabilities.
        habit : np.ndarray, shape=(n_columns, 2), optional
            Log odds that are added to them, for a choice already made.
        """
        per_s = self.config.rhythm.columns_per_s
        decoding = self.config.decoding
        judged = heard if habit is None else _swayed(heard, habit)
        columns = choose_beats(judged[:, 0], decoding, per_s)
        if len(columns) < 2:
            return Beats(np.zeros(0), np.zeros(0), PLAIN_TEMPO_BPM, 4, 0.0)
        bars = choose_bars(_around(judged[:, 1], columns), decoding)
        times_s = refined(heard[:, 0], columns) / per_s
        confidence = float(_around(heard[:, 0], columns).mean())
        confidence *= min(1.0, len(columns) / _ENOUGH)
        tempo_bpm = 60 / float(np.median(np.diff(times_s)))
        downbeats_s = times_s[bars.positions == 0]
        return Beats(times_s, downbeats_s, tempo_bpm, bars.beats_per_bar, confidence)


def _swayed(heard: np.ndarray, habit: np.ndarray) -> np.ndarray:
    odds = heard / np.maximum(1 - heard, 1e-6) * np.exp(habit)
    return np.asarray(odds / (1 + odds))


def _around(heard: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the highest probability at each column or one beside it."""
    padded = np.pad(heard, 1)
    return np.asarray(np.max([padded[columns + i] for i in range(3)], axis=0))
