# SPDX-License-Identifier: GPL-3.0-or-later
"""Take out what nobody hears before it can steer a network.

A constant offset, rumble below hearing and a single line above it weigh as much as
music in a level or a spectrum.  They are no instrument, so they stay with the rest.
"""

from __future__ import annotations

import functools

import numpy as np
import scipy.ndimage
import scipy.signal

_CUTOFF_HZ = 10.0
_ORDER = 4  # run forwards and backwards: -0.03 dB at 20 Hz, -48 dB at 5 Hz
_LOW_RATE_HZ = 420.0  # at which what lies below the cutoff is filtered
_FAINT, _LOUD = 0.1, 0.2  # RMS beside that of all: too faint to steer; taken out
_SHORTEST_S = 0.25  # of sound in which rumble can be told from its mean
_WHINE_HZ = 15000.0  # single lines above are not heard
_NEIGHBOURS = 25  # bins around a line that say what it may be
_PROMINENCE = 6.0  # times the mean of these is a line; of noise one bin in 10^12
_SILENT = 1e-20  # magnitude that may divide
_LINE_WIDTH = 5  # bins, with the window's main lobe


def without_infrasound(audio: np.ndarray, sample_rate: float) -> np.ndarray:
    """Return sound without its offset and what lies below 10 Hz.

    What is too faint beside the sound to steer anything stays.  Zeros before and
    after the sound stay zeros: an offset would begin there.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        float32.
    sample_rate : float
        Hz.

    Returns
    -------
    np.ndarray, shape=(n_channels, n_frames)
        float32, no phase is moved; `audio` itself where nothing is taken out.
    """
    sounding = np.flatnonzero(audio.any(axis=0))
    if not len(sounding):
        return audio
    span = slice(sounding[0], sounding[-1] + 1)
    low = _infrasound(audio[:, span], sample_rate)
    share = (_rms(low) / _rms(audio[:, span]) - _FAINT) / (_LOUD - _FAINT)
    if share <= 0:
        return audio
    result = audio.copy()
    result[:, span] -= np.float32(min(share, 1.0)) * low
    return result


def _infrasound(audio: np.ndarray, sample_rate: float) -> np.ndarray:
    """Return what lies below the cutoff, filtered at a low rate, which is cheap."""
    if audio.shape[1] < _SHORTEST_S * sample_rate:
        return np.asarray(audio.mean(axis=1, keepdims=True))
    size = max(1, round(sample_rate / _LOW_RATE_HZ))
    n_blocks = audio.shape[1] // size
    blocks = audio[:, : n_blocks * size].reshape(len(audio), n_blocks, size)
    # Triangles over two blocks: 410 Hz would come back at 10 Hz with -57 dB
    rising = ((np.arange(size) + 0.5) / size**2).astype(np.float32)
    means = blocks[:, :-1] @ rising + blocks[:, 1:] @ rising[::-1]
    low = scipy.signal.sosfiltfilt(_filter(sample_rate / size), means)
    centres = np.arange(1, n_blocks) * size - 0.5
    frames = np.arange(audio.shape[1])
    rows = [np.interp(frames, centres, row) for row in low]
    return np.asarray(rows, np.float32)


def _rms(audio: np.ndarray) -> float:
    return float(np.sqrt(np.square(audio, dtype=np.float64).mean()))


@functools.lru_cache(maxsize=8)
def _filter(rate: float) -> np.ndarray:
    return np.asarray(scipy.signal.butter(_ORDER, _CUTOFF_HZ, fs=rate, output="sos"))


def without_whine(spectrum: np.ndarray, bin_hz: float) -> np.ndarray:
    """Return a spectrum whose lines above 15 kHz are as loud as their neighbours.

    Parameters
    ----------
    spectrum : np.ndarray, shape=(n_channels, n_bins, n_columns)
    bin_hz : float
        Distance of bins.

    Returns
    -------
    np.ndarray
        Of the same shape; `spectrum` itself where there is no line.
    """
    first = int(np.ceil(_WHINE_HZ / bin_hz))
    magnitudes = np.abs(spectrum[:, first:])
    if not magnitudes.size:
        return spectrum
    # Column by column, for a line may move
    is_line = magnitudes > _PROMINENCE * _nearby(magnitudes)
    if not is_line.any():
        return spectrum
    is_near = scipy.ndimage.maximum_filter1d(is_line, _LINE_WIDTH, axis=1)
    # Twice, so that a line hardly weighs in what lies around it
    ceiling = _nearby(np.minimum(magnitudes, _nearby(magnitudes)))
    gains = ceiling / np.maximum(np.maximum(magnitudes, ceiling), _SILENT)
    limited = spectrum.copy()
    limited[:, first:] *= np.where(is_near, gains, 1.0)
    return limited


def _nearby(magnitudes: np.ndarray) -> np.ndarray:
    """Return the mean of the bins around each."""
    return np.asarray(scipy.ndimage.uniform_filter1d(magnitudes, _NEIGHBOURS, axis=1))
