# SPDX-License-Identifier: GPL-3.0-or-later
"""Non-negative matrix factorisation with a part of the spectra fixed.

scikit-learn's holds all of them fixed, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

FLOOR = np.float32(1e-9)  # of magnitudes whose peak is about one


def factorise(
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
    # A column of the spectrogram is a row here, which BLAS multiplies fastest
    target = np.array(magnitudes.T, np.float32, order="C")
    gains_of_fixed = np.array(gains[:n_fixed].T, np.float32, order="C")
    gains_of_free = np.array(gains[n_fixed:].T, np.float32, order="C")
    fixed = np.array(spectra[:, :n_fixed].T, np.float32, order="C")
    free = np.array(spectra[:, n_fixed:].T, np.float32, order="C")
    shares = spectra[:, :n_fixed].astype(np.float32)
    shares /= shares.sum(axis=0) + FLOOR
    # What fixed spectra explain, known until their gains change
    explained = gains_of_fixed @ fixed + FLOOR
    ratio = np.empty_like(explained)
    for _ in range(n_iterations):
        _compare(target, explained, gains_of_free, free, ratio)
        gains_of_fixed *= ratio @ shares
        gains_of_free *= (ratio @ free.T) / (free.sum(axis=1) + FLOOR)
        np.matmul(gains_of_fixed, fixed, out=explained)
        explained += FLOOR
        if len(free):
            _compare(target, explained, gains_of_free, free, ratio)
            sums = gains_of_free.sum(axis=0)[:, None] + FLOOR
            free *= (gains_of_free.T @ ratio) / sums
    return (
        np.concatenate([fixed, free]).T,
        np.concatenate([gains_of_fixed, gains_of_free], axis=1).T,
    )


def _compare(
    target: np.ndarray,
    explained: np.ndarray,
    gains: np.ndarray,
    free: np.ndarray,
    ratio: np.ndarray,
) -> None:
    """Write how many times what is explained with the free spectra the target is."""
    np.matmul(gains, free, out=ratio)
    ratio += explained
    np.divide(target, ratio, out=ratio)


def share(spectra: np.ndarray, gains: np.ndarray, n_wanted: int) -> np.ndarray:
    """Return what the first spectra explain of each bin, from 0 to 1."""
    wanted = spectra[:, :n_wanted] @ gains[:n_wanted]
    other = spectra[:, n_wanted:] @ gains[n_wanted:]
    return np.asarray(wanted / (wanted + other + FLOOR), np.float32)


class Transposition(NamedTuple):
    """How spectra are moved to each of some keys: see `transposition`."""

    lower: np.ndarray  # (n_keys, n_bins): of the two bins mixed, the lower one
    weights: np.ndarray  # (2, n_keys, n_bins, 1): of the lower bin, and of the next


def transposition(semitones: Sequence[float], frequencies: np.ndarray) -> Transposition:
    """Return what moves spectra in pitch by each of some intervals.

    They are interpolated linearly.  What moves beyond the last bin is lost; above
    what moves down is silence.

    Parameters
    ----------
    semitones : sequence of float
        The keys.
    frequencies : np.ndarray, shape=(n_bins,)
        Of the bins, ascending from 0, in any unit.
    """
    ratios = 2 ** (np.asarray(semitones, float) / 12)
    sources = frequencies / ratios[:, None]
    upper = np.searchsorted(frequencies, sources).clip(1, len(frequencies) - 1)
    width = frequencies[upper] - frequencies[upper - 1]
    share = (sources - frequencies[upper - 1]) / width
    weights = np.stack([1 - share, share]) * (sources <= frequencies[-1])
    return Transposition(upper - 1, weights.astype(np.float32)[..., None])


def transpose_spectra(spectra: np.ndarray, keys: Transposition) -> np.ndarray:
    """Return spectra in all keys of a `transposition`, each summing to one or zero.

    Parameters
    ----------
    spectra : np.ndarray, shape=(n_bins, n_spectra)

    Returns
    -------
    np.ndarray, shape=(n_bins, n_keys, n_spectra), float32
    """
    lower, upper = keys.weights
    moved = lower * spectra[keys.lower] + upper * spectra[keys.lower + 1]
    moved /= moved.sum(axis=1, keepdims=True) + FLOOR
    return np.ascontiguousarray(moved.transpose(1, 0, 2), np.float32)
