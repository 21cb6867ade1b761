# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving statistics along the last axis of an array."""

from __future__ import annotations

from typing import Literal

import numpy as np


def moving_mean(
    values: np.ndarray, size: int, *, edge: Literal["symmetric", "edge"] = "symmetric"
) -> np.ndarray:
    """Return the mean of `size` values around each, along the last axis.

    Parameters
    ----------
    values : np.ndarray, shape=(..., n_values)
        Real.
    size : int
        Odd.
    edge : "symmetric" or "edge"
        What lies beyond the ends: the values mirrored, or the last one held.

    Returns
    -------
    np.ndarray
        Of the shape and type given.
    """
    n_values = values.shape[-1]
    padding = [(0, 0)] * (values.ndim - 1) + [(size // 2, size // 2)]
    sums = np.pad(values, padding, mode=edge)  # of `width` values from each on
    total = np.zeros_like(values)
    width, start = 1, 0
    while True:
        if size & width:
            total += sums[..., start : start + n_values]
            start += width
        if 2 * width > size:
            break
        sums = sums[..., :-width] + sums[..., width:]
        width *= 2
    total /= size
    return total


def widen(is_set: np.ndarray, size: int) -> np.ndarray:
    """Return where any of `size` flags around each is set, along the last axis."""
    result = is_set.copy()
    for by in range(1, size // 2 + 1):
        result[..., by:] |= is_set[..., :-by]
        result[..., :-by] |= is_set[..., by:]
    return result
