# SPDX-License-Identifier: GPL-3.0-or-later
"""Curves of gain at the rate of audio."""

from __future__ import annotations

import numpy as np


def ramps(values: np.ndarray, step: int) -> np.ndarray:
    """Return straight lines through values, each `step` frames after the last.

    Returns
    -------
    np.ndarray, shape=(n_values * step,)
        float32.  Constant up to the first value, which lies at frame `step - 1`.
    """
    values = np.asarray(values, np.float32)
    before = np.concatenate([values[:1], values[:-1]])
    along = np.arange(1, step + 1, dtype=np.float32) / step
    return (before[:, None] + (values - before)[:, None] * along).ravel()
