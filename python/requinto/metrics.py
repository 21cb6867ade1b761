# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores of separated sound, in dB."""

from __future__ import annotations

import numpy as np

from requinto.config import SpectraConfig
from requinto.errors import AudioError
from requinto.spectra import Spectra

_LOWEST_DB = -120.0
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
    truth, guess = _pair(reference, estimate)
    energy = truth @ truth
    if energy == 0:
        raise AudioError("the reference is silent: SI-SDR is not defined for it")
    part = (guess @ truth) / energy * truth
    return _ratio_db(part @ part, np.sum(np.square(guess - part)))


def snr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Signal-to-noise ratio in dB: the reference's power over the error's.

    Arguments and errors as in `si_sdr`; here the estimate's level counts.

    Examples
    --------
    >>> round(snr(np.array([1.0, 0.0]), np.array([1.0, 0.1])))
    20
    """
    truth, guess = _pair(reference, estimate)
    energy = truth @ truth
    if energy == 0:
        raise AudioError("the reference is silent: SNR is not defined for it")
    return _ratio_db(energy, np.sum(np.square(guess - truth)))


def level_db(mixture: np.ndarray, estimate: np.ndarray) -> float:
    """Power of an estimate relative to its mixture, in dB; at least -120.

    What an absent target is scored by: lower is better.

    Raises
    ------
    AudioError
        If the shapes differ, or the mixture is silent.
    """
    whole, guess = _pair(mixture, estimate)
    if not np.any(whole):
        raise AudioError("the mixture is silent: no level is relative to it")
    return max(_ratio_db(guess @ guess, whole @ whole), _LOWEST_DB)


def ideal_ratio_mask(
    spectra: Spectra, target: np.ndarray, rest: np.ndarray
) -> np.ndarray:
    """Return the target as the ideal ratio mask would extract it.

    The mask is |T| / (|T| + |R|) in every bin, with the mixture's phase: what a
    perfect network of the common kind could reach.  Ours may pass it, since its
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


def _pair(reference: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if reference.shape != estimate.shape:
        raise AudioError(
            f"reference and estimate must have one shape, got {reference.shape} "
            f"and {estimate.shape}"
        )
    return reference.astype(np.float64).ravel(), estimate.astype(np.float64).ravel()


def _ratio_db(signal: float, noise: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        if signal == 0:
            return float("-inf")
        return float(10 * np.log10(np.float64(signal) / np.float64(noise)))
