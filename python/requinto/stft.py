# SPDX-License-Identifier: GPL-3.0-or-later
"""The short-time Fourier transform, and matrices that fold its bins.

The transform is `librosa.stft` with `center=False`, the matrices are those of
`librosa.filters`; tests compare them.  librosa takes a second and fifty megabytes to
import.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

COLUMNS_TOGETHER = 16  # columns, whose frames stay in the processor's cache
_HZ_PER_MEL, _BREAK_HZ = 200 / 3, 1000.0  # linear below the break, in mels of Slaney's
_LOG_STEP = np.log(6.4) / 27  # above it
_TUNING_HZ = 440.0
_N_CLASSES = 12
_CENTRE_OCTAVE = 5  # above A0


def hann(n_frames: int) -> np.ndarray:
    """Return a periodic Hann window, float32."""
    phase = 2 * np.pi * np.arange(n_frames) / n_frames
    return np.asarray(0.5 - 0.5 * np.cos(phase), np.float32)


def stft(sound: np.ndarray, window: np.ndarray, hop: int) -> np.ndarray:
    """Return the spectra of all windows that fit into a sound.

    Parameters
    ----------
    sound : np.ndarray, shape=(..., n_frames), float32
        At least one window long.
    window : np.ndarray, shape=(n_fft,), float32
        An even number of frames.
    hop : int
        Frames between columns.

    Returns
    -------
    np.ndarray, shape=(..., n_columns, n_fft // 2 + 1), complex64
        Column `i` is of the window that begins at frame `i * hop`.
    """
    n_fft = len(window)
    frames = np.lib.stride_tricks.sliding_window_view(sound, n_fft, axis=-1)
    frames = frames[..., ::hop, :]
    columns = np.empty((*frames.shape[:-1], n_fft // 2 + 1), np.complex64)
    # NumPy computes in double precision, three times as long, unless it has a factor
    # to scale by: it divides by the length, which the window makes up for
    scaled = window * np.float32(n_fft)
    buffer = np.empty((COLUMNS_TOGETHER, n_fft), np.float32)
    for channel in np.ndindex(frames.shape[:-2]):
        for first in range(0, frames.shape[-2], COLUMNS_TOGETHER):
            few = (*channel, slice(first, first + COLUMNS_TOGETHER))
            windowed = buffer[: len(frames[few])]
            np.multiply(frames[few], scaled, out=windowed)
            np.fft.rfft(windowed, norm="forward", out=columns[few])
    return columns


def mel_filters(
    sample_rate: float,
    n_fft: int,
    n_bands: int,
    lowest_hz: float,
    highest_hz: float,
    *,
    norm: Literal["slaney"] | None = None,
) -> np.ndarray:
    """Return triangles whose centres are evenly spaced in mels.

    Returns
    -------
    np.ndarray, shape=(n_bands, n_fft // 2 + 1), float32
        Each reaches 1 at its centre and 0 at its neighbours', or with `norm="slaney"`
        covers an area of 1 over Hz; as `librosa.filters.mel` of that `norm`.

    References
    ----------
    Slaney, "Auditory Toolbox", Technical Report 1998-010, Interval Research.
    """
    lowest, highest = _hz_to_mel(np.array([lowest_hz, highest_hz]))
    edges_hz = _mel_to_hz(np.linspace(lowest, highest, n_bands + 2))
    steps = np.diff(edges_hz)[:, None]
    away = edges_hz[:, None] - np.fft.rfftfreq(n_fft, 1 / sample_rate)
    rising, falling = -away[:-2] / steps[:-1], away[2:] / steps[1:]
    triangles = np.minimum(rising, falling).clip(0).astype(np.float32)
    if norm == "slaney":
        triangles *= 2 / (edges_hz[2:] - edges_hz[:-2])[:, None]
    return triangles


def _hz_to_mel(hz: np.ndarray) -> np.ndarray:
    above = np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.minimum(hz, _BREAK_HZ) / _HZ_PER_MEL + above


def _mel_to_hz(mels: np.ndarray) -> np.ndarray:
    break_mel = _BREAK_HZ / _HZ_PER_MEL
    ratio = np.exp(_LOG_STEP * np.maximum(mels - break_mel, 0))
    return np.where(mels < break_mel, _HZ_PER_MEL * mels, _BREAK_HZ * ratio)


def chroma_filters(
    sample_rate: float,
    n_fft: int,
    *,
    norm: Literal[2] | None = None,
    octave_width: float | None = None,
) -> np.ndarray:
    """Return how near each bin is to each pitch class, from C on.

    Parameters
    ----------
    sample_rate, n_fft : float, int
        Hz, and frames of the transform.
    norm : 2 or None
        With 2 the squares of each bin's weights add up to 1.
    octave_width : float, optional
        Standard deviation, in octaves, of a Gaussian about 880 Hz by which bins count;
        without it all count alike.

    Returns
    -------
    np.ndarray, shape=(12, n_fft // 2 + 1), float32
        Gaussians as wide as a bin, or a semitone where bins are narrower; as
        `librosa.filters.chroma` with these `norm` and `octwidth`.

    References
    ----------
    Ellis, "Chroma feature analysis and synthesis", 2007,
    https://www.ee.columbia.edu/~dpwe/resources/matlab/chroma-ansyn/
    """
    hz = np.arange(1, n_fft // 2 + 2) * sample_rate / n_fft
    # In semitones above A0; the bin at 0 Hz is half a turn away from the first
    pitches = _N_CLASSES * np.log2(hz / (_TUNING_HZ / 16))
    pitches = np.concatenate([[pitches[0] - 1.5 * _N_CLASSES], pitches])
    widths = np.maximum(np.diff(pitches), 1.0)
    half = _N_CLASSES // 2
    away = pitches[:-1] - np.arange(_N_CLASSES)[:, None]
    nearest = np.mod(away + half, _N_CLASSES) - half
    bumps = np.exp(-0.5 * np.square(2 * nearest / widths))
    if norm == 2:
        bumps /= np.linalg.norm(bumps, axis=0)
    if octave_width is not None:
        octaves = pitches[:-1] / _N_CLASSES - _CENTRE_OCTAVE
        bumps *= np.exp(-0.5 * np.square(octaves / octave_width))
    return np.roll(bumps, -3, axis=0).astype(np.float32)
