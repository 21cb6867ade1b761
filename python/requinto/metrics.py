# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores of separated sound, in dB."""

from __future__ import annotations

import numpy as np

from requinto.config import SpectraConfig
from requinto.errors import AudioError
from requinto.spectra import Spectra

IDEAL_MASK_TRANSFORM = SpectraConfig(n_fft=3072, hop=768)  # never changes


def si_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Scale-invariant signal-to-distortion ratio.

    How much of `estimate` is a scaled copy of `reference`, against everything
    else in it.  No mean is removed and no delay is searched for; channels are
    scored together, as one long sound.

    Parameters
    ----------
    reference : np.ndarray, shape=(n_channels, n_frames) or (n_frames,)
        The true sound.  Must not be silent.
    estimate : np.ndarray, same shape
        The sound to score.  Its level does not matter.

    Returns
    -------
    float
        dB.  `inf` for a perfect estimate, `-inf` for a silent one or one that
        shares nothing with the reference.

    Raises
    ------
    AudioError
        If the shapes differ, or the reference is silent.

    References
    ----------
    Le Roux, Wisdom, Erdogan, Hershey, "SDR -- half-baked or well done?",
    ICASSP 2019, doi:10.1109/ICASSP.2019.8683855.

    Examples
    --------
    >>> tone, other = np.array([1.0, 0.0]), np.array([0.0, 0.1])
    >>> round(si_sdr(tone, tone + other))
    20
    """
    truth, guess = flatten_alike(reference, estimate)
    energy = truth @ truth
    if energy == 0:
        raise AudioError("the reference is silent: SI-SDR is not defined for it")
    part = (guess @ truth) / energy * truth
    return ratio_db(part @ part, np.sum(np.square(guess - part)))


def ideal_ratio_mask(
    spectra: Spectra, target: np.ndarray, rest: np.ndarray
) -> np.ndarray:
    """Return the target as the ideal ratio mask would extract it.

    The mask is |T| / (|T| + |R|) in every bin, with the mixture's phase: what a
    perfect network of the common kind could reach.  Requinto may pass it, since its
    mask can exceed one.

    Parameters
    ----------
    spectra : Spectra
    target, rest : np.ndarray, shape=(n_channels, n_frames)
        They sum to the mixture.
    """
    wanted, other = spectra.analyse(target), spectra.analyse(rest)
    size = np.abs(wanted)
    mask = size / (size + np.abs(other) + np.finfo(np.float32).tiny)
    return spectra.synthesise(mask * (wanted + other), target.shape[-1])


def flatten_alike(
    reference: np.ndarray, estimate: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return both as float64 `(n_samples,)`, or raise `AudioError`."""
    if reference.shape != estimate.shape:
        raise AudioError(
            f"reference and estimate must have one shape, got {reference.shape} "
            f"and {estimate.shape}"
        )
    return reference.astype(np.float64).ravel(), estimate.astype(np.float64).ravel()


def ratio_db(signal: float, noise: float) -> float:
    """Return a ratio of energies in dB, -inf where the first is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if signal == 0:
            return float("-inf")
        return float(10 * np.log10(np.float64(signal) / np.float64(noise)))
