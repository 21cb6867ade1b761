# SPDX-License-Identifier: GPL-3.0-or-later
"""Non-negative matrix factorisation, in which some spectra can be given.

Our own, since scikit-learn's cannot hold a part of the spectra fixed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse

FLOOR = np.float32(1e-9)  # of magnitudes whose peak is about one


def factorised(
    magnitudes: np.ndarray,
    spectra: np.ndarray,
    gains: np.ndarray,
    n_iterations: int,
    *,
    n_fixed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Improve a guess of the spectra and gains whose product is a spectrogram.

    Multiplicative updates that lower the Kullback-Leibler divergence.

    Parameters
    ----------
    magnitudes : np.ndarray, shape=(n_bins, n_columns)
        Not negative, at most about 1.
    spectra : np.ndarray, shape=(n_bins, n_spectra)
        First guess, of any scale: the gains make up for it.
    gains : np.ndarray, shape=(n_spectra, n_columns)
        First guess; what is zero stays zero.
    n_iterations : int
        How often all gains, then the free spectra, are updated.
    n_fixed : int
        How many spectra, the first ones, are left as they are.

    Returns
    -------
    spectra, gains : np.ndarray
        New arrays of the shapes given, float32.

    References
    ----------
    Lee and Seung, "Algorithms for non-negative matrix factorization", NIPS 2000;
    Févotte and Idier, "Algorithms for nonnegative matrix factorization with the
    beta-divergence", Neural Computation 2011, doi:10.1162/NECO_a_00168.
    """
    spectra, gains = spectra.astype(np.float32), gains.astype(np.float32)
    free = spectra[:, n_fixed:]  # a view: its changes are seen in both
    for _ in range(n_iterations):
        ratio = magnitudes / (spectra @ gains + FLOOR)
        gains *= (spectra.T @ ratio) / (spectra.sum(axis=0)[:, None] + FLOOR)
        if free.shape[1]:
            ratio = magnitudes / (spectra @ gains + FLOOR)
            active = gains[n_fixed:]
            free *= (ratio @ active.T) / (active.sum(axis=1) + FLOOR)
    return spectra, gains


def share(spectra: np.ndarray, gains: np.ndarray, n_wanted: int) -> np.ndarray:
    """Return what the first spectra explain of each bin, from 0 to 1."""
    wanted = spectra[:, :n_wanted] @ gains[:n_wanted]
    other = spectra[:, n_wanted:] @ gains[n_wanted:]
    return np.asarray(wanted / (wanted + other + FLOOR), np.float32)


def transposition(
    semitones: Sequence[float], frequencies: np.ndarray
) -> scipy.sparse.csr_matrix:
    """Return the matrix that moves spectra in pitch by each of some intervals.

    Multiplied by spectra `(n_bins, n_spectra)` it gives them in all keys,
    `(n_keys * n_bins, n_spectra)`, interpolated linearly.  What moves beyond the
    last bin is lost; above what moves down is silence.

    Parameters
    ----------
    semitones : sequence of float
        The keys.
    frequencies : np.ndarray, shape=(n_bins,)
        Of the bins, ascending from 0, in any unit.
    """
    n_bins = len(frequencies)
    rows, columns, weights = [], [], []
    for key, interval in enumerate(semitones):
        sources = frequencies / 2 ** (interval / 12)
        inside = np.flatnonzero(sources <= frequencies[-1])
        upper = np.searchsorted(frequencies, sources[inside]).clip(1, n_bins - 1)
        width = frequencies[upper] - frequencies[upper - 1]
        share = (sources[inside] - frequencies[upper - 1]) / width
        rows += [key * n_bins + inside] * 2
        columns += [upper - 1, upper]
        weights += [1 - share, share]
    entries = (np.concatenate(rows), np.concatenate(columns))
    shape = (len(semitones) * n_bins, n_bins)
    values = np.concatenate(weights).astype(np.float32)
    return scipy.sparse.csr_matrix((values, entries), shape)


def transposed(spectra: np.ndarray, matrix: scipy.sparse.csr_matrix) -> np.ndarray:
    """Return spectra in all keys of a `transposition`, each summing to one or zero.

    Parameters
    ----------
    spectra : np.ndarray, shape=(n_bins, n_spectra)

    Returns
    -------
    np.ndarray, shape=(n_bins, n_keys, n_spectra), float32
    """
    moved = (matrix @ spectra).reshape(-1, *spectra.shape)
    moved /= moved.sum(axis=1, keepdims=True) + FLOOR
    return np.ascontiguousarray(moved.transpose(1, 0, 2), np.float32)
