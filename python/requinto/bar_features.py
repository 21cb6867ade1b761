# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bars of a song sound like: timbre, harmony and loudness.

Steps are those of `librosa.feature` with its defaults; a test compares them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from requinto.resampling import resample
from requinto.rhythm_filters import chroma_filters, mel_filters
from requinto.stft import hann, stft

_RATE = 22050  # Hz
_HOP = 2048  # samples
_N_FFT = 2 * _HOP
_CHUNK_S = 120.0  # of sound analysed at once, so that long songs fit
_N_MELS = 64
_N_TIMBRES = 12  # cepstral coefficients, after the first, which is loudness
_OCTAVE_WIDTH = 2.0  # of chroma
_FAINTEST = 1e-10  # power, below which decibels stay the same
_RANGE_DB = 80.0  # below the loudest, where decibels end


class BarFeatures(NamedTuple):
    """Features of each bar."""

    timbre: np.ndarray  # (n_bars, 12), cepstral coefficients of decibels
    harmony: np.ndarray  # (n_bars, 12), of length 1
    loudness: np.ndarray  # (n_bars,), dB


def bar_features(
    audio: np.ndarray, sample_rate: float, edges_s: np.ndarray
) -> BarFeatures:
    """Return the features of each bar.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        One or two channels.
    sample_rate : float
        Hz.
    edges_s : np.ndarray, shape=(n_bars + 1,)
        Between which bars lie, in seconds, rising.
    """
    parts = zip(*_spectral_chunks(audio, sample_rate), strict=True)
    mel, chroma = (np.concatenate(part, axis=1) for part in parts)
    starts = np.round(edges_s[:-1] * _RATE / _HOP).astype(int)
    starts = np.minimum(starts, mel.shape[1] - 1)
    # Means of decibels: what leaks in from a loud neighbour then counts little
    decibels = np.add.reduceat(power_to_db(mel), starts, axis=1)
    decibels /= np.maximum(np.diff(starts, append=mel.shape[1]), 1)
    harmony = np.add.reduceat(chroma, starts, axis=1)
    loudness = power_to_db((10 ** (decibels / 10)).sum(axis=0))
    return BarFeatures(mfcc(decibels).T, _to_unit_length(harmony).T, loudness)


def _spectral_chunks(
    audio: np.ndarray, sample_rate: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield mel powers and chroma of each stretch, a column a hop."""
    step = round(_CHUNK_S * _RATE / _HOP) * _HOP / _RATE
    for start_s in np.arange(0, audio.shape[1] / sample_rate, step):
        first, last = (round(s * sample_rate) for s in (start_s, start_s + step))
        mono = resample(audio[:, first:last].mean(axis=0), sample_rate, _RATE)
        yield mel_and_chroma(np.pad(mono, (0, max(0, _N_FFT - len(mono)))))


def mel_and_chroma(mono: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mel powers and pitch classes of a sound.

    Parameters
    ----------
    mono : np.ndarray, shape=(n_frames,), float32
        At 22050 Hz, two hops long or more.

    Returns
    -------
    mel : np.ndarray, shape=(64, n_frames // 2048)
    chroma : np.ndarray, shape=(12, n_frames // 2048)
    """
    padded = np.pad(mono, _N_FFT // 2)  # columns are centred on multiples of the hop
    spectrum = stft(padded, hann(_N_FFT), _HOP)[: len(mono) // _HOP].T
    magnitudes = np.abs(spectrum)
    mel, chroma = _filters()
    return mel @ np.square(magnitudes), chroma @ magnitudes


@functools.lru_cache(maxsize=1)
def _filters() -> tuple[np.ndarray, np.ndarray]:
    mel = mel_filters(_RATE, _N_FFT, _N_MELS, 0.0, _RATE / 2, norm="slaney")
    return mel, chroma_filters(_RATE, _N_FFT, norm=2, octave_width=_OCTAVE_WIDTH)


def power_to_db(power: np.ndarray) -> np.ndarray:
    """Return decibels, at most 80 below the loudest."""
    decibels = 10 * np.log10(np.maximum(power, _FAINTEST))
    return np.asarray(np.maximum(decibels, decibels.max() - _RANGE_DB))


def mfcc(decibels: np.ndarray) -> np.ndarray:
    """Return mel-frequency cepstral coefficients, after the first.

    Parameters
    ----------
    decibels : np.ndarray, shape=(n_mels, n_columns)

    Returns
    -------
    np.ndarray, shape=(12, n_columns), float32
        Of the orthonormal cosine transform, its second form.
    """
    n_mels = len(decibels)
    orders = np.arange(1, _N_TIMBRES + 1)[:, None]
    cosines = np.cos(np.pi * orders * (np.arange(n_mels) + 0.5) / n_mels)
    return np.asarray(np.sqrt(2 / n_mels) * cosines @ decibels, np.float32)


def _to_unit_length(columns: np.ndarray) -> np.ndarray:
    """Return columns of length 1; those of silence stay 0."""
    lengths = np.linalg.norm(columns, axis=0)
    is_silent = lengths < np.finfo(np.float32).tiny
    return np.asarray(columns / np.where(is_silent, 1, lengths))
