# SPDX-License-Identifier: GPL-3.0-or-later
"""What a window shows of a reference: how long it is, its shape and its register."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from requinto.columns import column_frames
from requinto.pitch import PitchEstimator
from requinto.process import one_blas_thread

N_PEAKS = 128
_LOW, _HIGH = 5, 95  # percentiles of the register
_MAX_WINDOWS = 2400  # of pitch, a minute's: longer references are sampled evenly
_TOGETHER = 64  # windows, whose part of the sound is filtered once


class ReferenceSummary(NamedTuple):
    """What a window shows of a reference.

    Attributes
    ----------
    duration_s : float
    low_pitch, high_pitch : float
        MIDI notes: 1 in 20 of the pitched windows lies lower, and 1 in 20 higher; 0
        where none is pitched.
    peaks : np.ndarray, shape=(N_PEAKS,), uint8
        The loudest sample of equal parts; 255 is the loudest of all.
    """

    duration_s: float
    low_pitch: float
    high_pitch: float
    peaks: np.ndarray


def summarise(reference: np.ndarray, sample_rate: float) -> ReferenceSummary:
    """Summarise a reference.

    Parameters
    ----------
    reference : np.ndarray, shape=(n_channels, n_frames), float32
        At least one frame.
    sample_rate : float
        Hz.
    """
    duration_s = reference.shape[1] / sample_rate
    low, high = _register(reference.mean(axis=0), sample_rate)
    return ReferenceSummary(duration_s, low, high, _peaks(reference))


def _peaks(reference: np.ndarray) -> np.ndarray:
    """Return the loudest sample of each of `N_PEAKS` equal parts, of any channel."""
    loudest = np.abs(reference).max(axis=0)
    starts = np.arange(N_PEAKS) * len(loudest) // N_PEAKS
    peaks = np.maximum.reduceat(loudest, starts)
    return np.asarray(np.round(255 * peaks / max(peaks.max(), 1e-9)), np.uint8)


def _register(mono: np.ndarray, sample_rate: float) -> tuple[float, float]:
    """Return between which notes most of a sound lies; zeros if none is pitched."""
    estimator = PitchEstimator(sample_rate)
    margin = estimator.n_frames // 2
    padded = np.pad(mono, margin)
    n_last = len(padded) - estimator.n_frames
    n_windows = min(n_last // column_frames(sample_rate) + 1, _MAX_WINDOWS)
    starts = np.linspace(0, n_last, n_windows).astype(int)
    with one_blas_thread():
        notes = [
            estimator.estimate(padded, some)
            for some in np.array_split(starts, -(-n_windows // _TOGETHER))
        ]
    pitched = np.concatenate(notes)
    pitched = pitched[pitched > 0]
    if not len(pitched):
        return 0.0, 0.0
    low, high = np.percentile(pitched, [_LOW, _HIGH])
    return float(low), float(high)
