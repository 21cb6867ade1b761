# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores of separated sound, in dB."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from requinto.errors import AudioError
from requinto.spectra import Spectra

_BSS_FRAME = 44100  # samples
_QUIET = 1e-6  # full scale is 1
_LOWEST_DB = -120.0
_MOST_DB = 100.0  # what remains beyond is rounding


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


class BssEval(NamedTuple):
    """Medians over frames, in dB within ±100; nan where nothing can be said."""

    sdr: float
    sir: float
    sar: float
    isr: float


def bss_eval(target: np.ndarray, mixture: np.ndarray, estimate: np.ndarray) -> BssEval:
    """BSSEval v4 of a target against the rest of its mixture.

    The rest is estimated as the mixture less the estimate, or as the mixture where
    that is the estimate.  At most ten seconds
    are scored, those in which the target is loudest, in frames of one second, and
    the mean of the channels: two channels that hold one sound, as of a stem that
    was panned, would make the projections singular.

    Parameters
    ----------
    target, mixture, estimate : np.ndarray, shape=(n_channels, n_frames)
        At 44.1 kHz.

    Returns
    -------
    BssEval
        All nan where target, rest or estimate is silent: the projections are
        not defined then.

    References
    ----------
    Stöter, Liutkus, Ito, "The 2018 Signal Separation Evaluation Campaign",
    LVA/ICA 2018, arXiv:1804.06267; computed by its authors' `museval`.
    """
    import museval.metrics

    start = _loudest_start(target, 10 * _BSS_FRAME)
    part = slice(start, start + 10 * _BSS_FRAME)
    wanted, whole, guess = (
        x[:, part].mean(axis=0, dtype=np.float64)[:, None]
        for x in (target, mixture, estimate)
    )
    left = whole - guess
    if np.abs(left).max() < _QUIET:
        left = whole  # the mix, as both: how it is scored by custom
    sounds = (wanted, whole - wanted, guess, left)
    if len(whole) < _BSS_FRAME or any(np.abs(x).max() < _QUIET for x in sounds):
        return BssEval(*[float("nan")] * 4)
    sdr, isr, sir, sar, _ = museval.metrics.bss_eval(
        np.stack(sounds[:2]),
        np.stack(sounds[2:]),
        window=_BSS_FRAME,
        hop=_BSS_FRAME,
        compute_permutation=False,
    )
    medians = [_median(values[0]) for values in (sdr, sir, sar, isr)]
    return BssEval(*medians)


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


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan")
    return float(np.clip(np.median(finite), -_MOST_DB, _MOST_DB))


def _loudest_start(sound: np.ndarray, n_frames: int) -> int:
    if sound.shape[1] <= n_frames:
        return 0
    power = np.cumsum(np.square(sound, dtype=np.float64).sum(axis=0))
    return int(np.argmax(power[n_frames:] - power[:-n_frames]))


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
