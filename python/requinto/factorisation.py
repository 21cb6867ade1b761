# SPDX-License-Identifier: GPL-3.0-or-later
"""Non-negative matrix factorisation, in which some spectra can be given.

Our own, since scikit-learn's cannot hold a part of the spectra fixed.
"""

from __future__ import annotations

import numpy as np

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


def transposed(
    spectra: np.ndarray, semitones: float, frequencies: np.ndarray
) -> np.ndarray:
    """Return spectra moved in pitch, each summing to one or zero.

    What moves beyond the last bin is lost; above what moves down is silence.

    Parameters
    ----------
    spectra : np.ndarray, shape=(n_bins, n_spectra)
    semitones : float
    frequencies : np.ndarray, shape=(n_bins,)
        Of the bins, ascending from 0, in any unit.
    """
    places = frequencies / 2 ** (semitones / 12)
    moved = np.stack(
        [np.interp(places, frequencies, one, right=0) for one in spectra.T], axis=1
    )
    return np.asarray(moved / (moved.sum(axis=0) + FLOOR), np.float32)
