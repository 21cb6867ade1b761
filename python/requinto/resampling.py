# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound at another sample rate."""

from __future__ import annotations

import numpy as np
import soxr


def resample(audio: np.ndarray, sample_rate: float, new_rate: float) -> np.ndarray:
    """Return a sound at another rate, as `librosa.resample` does.

    Parameters
    ----------
    audio : np.ndarray, shape=(..., n_frames)
        One or two axes; float32 stays float32.
    sample_rate, new_rate : float
        Hz, above 0.

    Returns
    -------
    np.ndarray, shape=(..., ceil(n_frames * new_rate / sample_rate))
        The sound itself where the rates are equal.
    """
    if sample_rate == new_rate:
        return audio
    n_frames = int(np.ceil(audio.shape[-1] * new_rate / sample_rate))
    resampled = soxr.resample(audio.T, sample_rate, new_rate, quality="HQ").T
    resampled = resampled[..., :n_frames]
    n_missing = n_frames - resampled.shape[-1]
    return np.pad(resampled, [(0, 0)] * (audio.ndim - 1) + [(0, n_missing)])
