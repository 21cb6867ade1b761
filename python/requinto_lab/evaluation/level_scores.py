# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores for which an estimate's level counts, in dB.

SI-SDR, for which it does not, is in `requinto.metrics`.
"""

from __future__ import annotations

import numpy as np

from requinto.errors import AudioError
from requinto.metrics import flatten_alike, ratio_db

_LOWEST_DB = -120.0


def snr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Signal-to-noise ratio in dB: the reference's power over the error's.

    Arguments and errors as in `metrics.si_sdr`; here the estimate's level counts.

    Examples
    --------
    >>> round(snr(np.array([1.0, 0.0]), np.array([1.0, 0.1])))
    20
    """
    truth, guess = flatten_alike(reference, estimate)
    energy = truth @ truth
    if energy == 0:
        raise AudioError("the reference is silent: SNR is not defined for it")
    return ratio_db(energy, np.sum(np.square(guess - truth)))


def level_db(mixture: np.ndarray, estimate: np.ndarray) -> float:
    """Power of an estimate relative to its mixture, in dB; at least -120.

    What an absent target is scored by: lower is better.

    Raises
    ------
    AudioError
        If the shapes differ, or the mixture is silent.
    """
    whole, guess = flatten_alike(mixture, estimate)
    if not np.any(whole):
        raise AudioError("the mixture is silent: no level is relative to it")
    return max(ratio_db(guess @ guess, whole @ whole), _LOWEST_DB)
