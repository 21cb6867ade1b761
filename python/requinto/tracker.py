# SPDX-License-Identifier: GPL-3.0-or-later
"""Track the beats and bars of a sound."""

from __future__ import annotations

import functools
from typing import Protocol

import numpy as np

from requinto.beats import Beats
from requinto.config import TrackerConfig
from requinto.decoding import choose_bars, choose_beats, refine_peaks
from requinto.networks import Network
from requinto.rhythm import RecentFeatures

# Columns of one prediction, fewest first, so that few graphs are traced; the outermost
# `_CONTEXT` of them are context only
BLOCKS = (1024, 4096)
_CONTEXT = 500
_REMEMBERED = 16  # lengths of silence whose activations are kept
_ENOUGH = 8  # beats; fewer may be chance
PLAIN_TEMPO_BPM = 120.0  # of the grid laid where there is no beat


class Columns(Protocol):
    """Features, as an array of them or as what reads them from where they are."""

    def __len__(self) -> int: ...

    def __getitem__(self, columns: slice, /) -> np.ndarray: ...


class Tracker:
    """The beat network, and what turns its activations into beats.

    Parameters
    ----------
    config : TrackerConfig
    network : Network
        With input and output as `build_beat_network` says.
    """

    def __init__(self, config: TrackerConfig, network: Network) -> None:
        self.config = config
        self._network = network
        self._cached_silence = functools.lru_cache(_REMEMBERED)(self._predict_silence)

    def predict_activations(
        self,
        audio: np.ndarray,
        sample_rate: float,
        recent: RecentFeatures,
        column: int,
    ) -> np.ndarray:
        """Return the activations in the last seconds of a stream, by column.

        They are the probabilities of a beat and of a downbeat.

        Parameters
        ----------
        audio : np.ndarray, shape=(n_channels, n_frames)
            One or two channels.
        sample_rate : float
            Hz.
        recent : RecentFeatures
            Of the stream, so that each second is analysed once.
        column : int
            Of the stream, at which `audio` begins.

        Returns
        -------
        np.ndarray, shape=(n_columns, 2)
            Column `i` lies at `i / config.rhythm.columns_per_s` seconds.
        """
        columns = recent.of(audio, sample_rate, column)
        if not columns.any():
            return self._cached_silence(len(columns))
        return self.predict_from_features(columns)

    def _predict_silence(self, n_columns: int) -> np.ndarray:
        """Return the activations of silence, whose features are zeros."""
        silence = np.zeros((n_columns, self.config.rhythm.n_features), np.float32)
        activations = self.predict_from_features(silence)
        activations.flags.writeable = False  # it is remembered
        return activations

    def predict_from_features(self, sound: Columns) -> np.ndarray:
        """Return the activations of what `rhythm.features` returns."""
        n_columns = len(sound)
        size = next((b for b in BLOCKS if b >= n_columns), BLOCKS[-1])
        activations = np.zeros((n_columns, 2), np.float32)
        start = 0
        while True:
            block = sound[start : start + size]
            padded = np.pad(block, ((0, size - len(block)), (0, 0)))
            output = self._network.predict({"features": padded[None]})[0]
            keep = _CONTEXT if start else 0
            activations[start + keep : start + len(block)] = output[keep : len(block)]
            if start + size >= n_columns:
                return activations
            start += size - 2 * _CONTEXT

    def track_features(self, columns: Columns, duration_s: float) -> Beats:
        """Return the beats of what `rhythm.features` returns for so many seconds.

        Where there are none to be sure of, they are a plain grid.
        """
        beats = self.decode(self.predict_from_features(columns))
        if beats.confidence < self.config.decoding.min_confidence:
            return Beats.grid(PLAIN_TEMPO_BPM, duration_s, confidence=beats.confidence)
        return beats

    def decode(self, activations: np.ndarray, prior: np.ndarray | None = None) -> Beats:
        """Return the beats and bars that activations show.

        Parameters
        ----------
        activations : np.ndarray, shape=(n_columns, 2)
        prior : np.ndarray, shape=(n_columns, 2), optional
            Log odds that are added to them, for a choice already made.
        """
        per_s = self.config.rhythm.columns_per_s
        decoding = self.config.decoding
        judged = activations if prior is None else _add_prior(activations, prior)
        columns = choose_beats(judged[:, 0], decoding, per_s)
        if len(columns) < 2:
            return Beats(np.zeros(0), np.zeros(0), PLAIN_TEMPO_BPM, 4, 0.0)
        bars = choose_bars(_highest_near(judged[:, 1], columns), decoding)
        times_s = refine_peaks(activations[:, 0], columns) / per_s
        confidence = float(_highest_near(activations[:, 0], columns).mean())
        confidence *= min(1.0, len(columns) / _ENOUGH)
        tempo_bpm = 60 / float(np.median(np.diff(times_s)))
        downbeats_s = times_s[bars.positions == 0]
        return Beats(times_s, downbeats_s, tempo_bpm, bars.beats_per_bar, confidence)


def _add_prior(activations: np.ndarray, prior: np.ndarray) -> np.ndarray:
    odds = activations / np.maximum(1 - activations, 1e-6) * np.exp(prior)
    return np.asarray(odds / (1 + odds))


def _highest_near(activations: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the highest probability at each column or one beside it."""
    padded = np.pad(activations, 1)
    return np.asarray(np.max([padded[columns + i] for i in range(3)], axis=0))
