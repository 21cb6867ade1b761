# SPDX-License-Identifier: GPL-3.0-or-later
"""BSSEval v4, by its authors' own code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_FRAME = 44100  # samples
_QUIET = 1e-6  # full scale is 1
_MAX_DB = 100.0  # what remains beyond is rounding


class BssEval(NamedTuple):
    """Medians over frames, in dB within ±100; nan where nothing can be said."""

    sdr: float
    sir: float
    sar: float
    isr: float


def bss_eval(target: np.ndarray, mixture: np.ndarray, estimate: np.ndarray) -> BssEval:
    """BSSEval v4 of a target against the rest of its mixture.

    The rest is estimated as the mixture less the estimate, or as the mixture where
    that is the estimate.  At most ten seconds
    are scored, those in which the target is loudest, in frames of one second, and
    the mean of the channels: two channels that hold one sound, as of a stem that
    was panned, would make the projections singular.

    Parameters
    ----------
    target, mixture, estimate : np.ndarray, shape=(n_channels, n_frames)
        At 44.1 kHz.

    Returns
    -------
    BssEval
        All nan where target, rest or estimate is silent: the projections are
        not defined then.

    References
    ----------
    Stöter, Liutkus, Ito, "The 2018 Signal Separation Evaluation Campaign",
    LVA/ICA 2018, arXiv:1804.06267; computed by its authors' `museval`.
    """
    import museval.metrics

    start = _loudest_start(target, 10 * _FRAME)
    part = slice(start, start + 10 * _FRAME)
    wanted, whole, guess = (
        x[:, part].mean(axis=0, dtype=np.float64)[:, None]
        for x in (target, mixture, estimate)
    )
    left = whole - guess
    if np.abs(left).max() < _QUIET:
        left = whole  # the mix, as both: how it is scored by custom
    sounds = (wanted, whole - wanted, guess, left)
    if len(whole) < _FRAME or any(np.abs(x).max() < _QUIET for x in sounds):
        return BssEval(*[float("nan")] * 4)
    sdr, isr, sir, sar, _ = museval.metrics.bss_eval(
        np.stack(sounds[:2]),
        np.stack(sounds[2:]),
        window=_FRAME,
        hop=_FRAME,
        compute_permutation=False,
    )
    medians = [_median(values[0]) for values in (sdr, sir, sar, isr)]
    return BssEval(*medians)


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan")
    return float(np.clip(np.median(finite), -_MAX_DB, _MAX_DB))


def _loudest_start(sound: np.ndarray, n_frames: int) -> int:
    if sound.shape[1] <= n_frames:
        return 0
    power = np.cumsum(np.square(sound, dtype=np.float64).sum(axis=0))
    return int(np.argmax(power[n_frames:] - power[:-n_frames]))
