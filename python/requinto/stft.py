# SPDX-License-Identifier: GPL-3.0-or-later
"""The short-time Fourier transform, in single precision."""

from __future__ import annotations

import numpy as np

_N_FFT, _HOP = 2048, 512  # of `levels_db`
COLUMNS_TOGETHER = 16  # columns, whose frames stay in the processor's cache


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


def levels_db(mono: np.ndarray) -> np.ndarray:
    """Return the spectrogram that is drawn of a sound.

    Parameters
    ----------
    mono : np.ndarray, shape=(n_frames,)
        Float32.

    Returns
    -------
    np.ndarray, shape=(1025, 1 + n_frames // 512), float32
        In dB, -100 or more; columns are centred on multiples of 512 frames.
    """
    spectrum = stft(np.pad(mono, _N_FFT // 2), hann(_N_FFT), _HOP)
    return np.asarray(20 * np.log10(np.abs(spectrum.T) + 1e-5))
