# SPDX-License-Identifier: GPL-3.0-or-later
"""Spectrograms cut into pieces of one width, and put together again."""

from __future__ import annotations

import numpy as np


def cut(columns: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Return the pieces of a spectrogram, the last one filled up with zeros.

    Parameters
    ----------
    columns : np.ndarray, shape=(..., n_columns)
    size, hop : int
        Columns of a piece, and between the beginnings of two; `hop` up to `size`.

    Returns
    -------
    np.ndarray, shape=(n_pieces, ..., size)
    """
    n_columns = columns.shape[-1]
    n_pieces = 1 + max(0, -(-(n_columns - size) // hop))
    after = (n_pieces - 1) * hop + size - n_columns
    padded = np.pad(columns, [(0, 0)] * (columns.ndim - 1) + [(0, after)])
    pieces = np.lib.stride_tricks.sliding_window_view(padded, size, axis=-1)
    return np.moveaxis(pieces[..., ::hop, :], -2, 0)


def joined(pieces: np.ndarray, hop: int, n_columns: int) -> np.ndarray:
    """Return pieces `(n_pieces, ..., size)` as one spectrogram `(..., n_columns)`.

    Where pieces overlap they are averaged, each the less the nearer to its ends, so
    that no join is heard.
    """
    size = pieces.shape[-1]
    places = np.arange(size)
    weights = np.minimum(places + 1, size - places).astype(np.float32)
    n_whole = (len(pieces) - 1) * hop + size
    total = np.zeros((*pieces.shape[1:-1], n_whole), pieces.dtype)
    weight = np.zeros(n_whole, np.float32)
    for i, piece in enumerate(pieces):
        total[..., i * hop : i * hop + size] += piece * weights
        weight[i * hop : i * hop + size] += weights
    return (total / weight)[..., :n_columns]
