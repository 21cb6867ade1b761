# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove what is inaudible before it can steer a network.

A constant offset, rumble below hearing and a single line above it weigh as much as
music in a level or a spectrum.  They are no instrument, so they stay with the rest.
This serves every model; `Spectra.limit_inaudible` is what some are trained with.
"""

from __future__ import annotations

import functools

import numpy as np

from requinto.spectra import WHINE_HZ, moving_mean

_CUTOFF_HZ = 10.0
_ORDER = 4  # run forwards and backwards: -0.03 dB at 20 Hz, -48 dB at 5 Hz
_SETTLING_S = 0.5  # after which what lies beyond an end has faded, by 100 dB
_LOW_RATE_HZ = 420.0  # at which what lies below the cutoff is filtered
_FAINT, _LOUD = 0.1, 0.2  # RMS beside that of all: too faint to steer; taken out
_SHORTEST_S = 0.25  # of sound in which rumble differs from its mean
_NEIGHBOURS = 25  # bins around a line that say what it may be
_PROMINENCE = 6.0  # times the mean of these is a line; of noise one bin in 10^12
_FAINTEST_POWER = 1e-20  # below, squares are lost in single precision
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
    is_sounding = np.any(audio, axis=0)
    if not is_sounding.any():
        return audio
    span = slice(is_sounding.argmax(), len(is_sounding) - is_sounding[::-1].argmax())
    sound = audio[:, span]
    low, size = _infrasound(sound, sample_rate)
    share = (_line_rms(low, size) / _rms(sound) - _FAINT) / (_LOUD - _FAINT)
    if share <= 0:
        return audio
    result = audio.copy()
    result[:, span] -= np.float32(min(share, 1.0)) * _lines(low, size, sound.shape[1])
    return result


def _infrasound(audio: np.ndarray, sample_rate: float) -> tuple[np.ndarray, int]:
    """Return what lies below the cutoff at a low rate, and the frames between values.

    The first value lies so many frames after the start, less a half.
    """
    size = max(1, round(sample_rate / _LOW_RATE_HZ))
    n_blocks = audio.shape[1] // size
    if audio.shape[1] < _SHORTEST_S * sample_rate:
        return audio.mean(axis=1, keepdims=True), size
    blocks = audio[:, : n_blocks * size].reshape(len(audio), n_blocks, size)
    # Triangles over two blocks: 410 Hz would come back at 10 Hz with -57 dB
    rising = ((np.arange(size) + 0.5) / size**2).astype(np.float32)
    means = blocks[:, :-1] @ rising + blocks[:, 1:] @ rising[::-1].copy()
    return _low_pass(means.astype(np.float64), sample_rate / size), size


def _low_pass(values: np.ndarray, rate: float) -> np.ndarray:
    """Return what a Butterworth filter run forwards and backwards lets through.

    Beyond its ends the sound is continued, turned about its first and last value.
    """
    n_values = values.shape[1]
    line = np.linspace(values[:, 0], values[:, -1], n_values, axis=1)
    reach = min(n_values - 1, round(_SETTLING_S * rate))
    sides = ((0, 0), (reach, reach))
    rest = np.pad(values - line, sides, mode="reflect", reflect_type="odd")
    n_fft = 1 << (rest.shape[1] - 1).bit_length()  # other lengths take long
    spectrum = np.fft.rfft(rest, n_fft)
    smooth = np.fft.irfft(spectrum * _low_pass_gains(n_fft, rate), n_fft)
    return line + smooth[:, reach : reach + n_values]


@functools.lru_cache(maxsize=8)
def _low_pass_gains(n_fft: int, rate: float) -> np.ndarray:
    """Return the filter's gain, once each way, at each bin."""
    angles = np.pi * np.fft.rfftfreq(n_fft)[:-1]
    warped = np.tan(angles) / np.tan(np.pi * _CUTOFF_HZ / rate)
    return np.append(1 / (1 + warped ** (2 * _ORDER)), 0.0)


def _lines(values: np.ndarray, size: int, n_frames: int) -> np.ndarray:
    """Return `n_frames` on straight lines between values, held before and after."""
    if values.shape[1] == 1:
        return np.repeat(values, n_frames, axis=1)
    steps = np.diff(values, axis=1)[..., None]
    shares = (np.arange(size) + 0.5) / size
    between = (values[:, :-1, None] + steps * shares).reshape(len(values), -1)
    before = min(size, n_frames)
    after = n_frames - before - between.shape[1]
    lines = np.pad(between, ((0, 0), (before, after)), mode="edge")
    return lines.astype(np.float32)


def _line_rms(values: np.ndarray, size: int) -> float:
    """Return the RMS of `_lines`, ends aside, without laying them out."""
    if values.shape[1] == 1:
        return float(np.sqrt(np.square(values).mean()))
    start, step = values[:, :-1], np.diff(values, axis=1)
    # Means of the shares of a step at which frames lie, and of their squares
    squares = start * (start + step) + step**2 * (1 / 3 - 1 / (12 * size**2))
    return float(np.sqrt(squares.mean()))


def _rms(audio: np.ndarray) -> float:
    power = sum(float(row @ row) for row in audio) / audio.size
    if power < _FAINTEST_POWER:
        power = float(np.square(audio, dtype=np.float64).mean())
    return float(np.sqrt(power))


def without_whine(spectrum: np.ndarray, bin_hz: float) -> np.ndarray:
    """Return a spectrum whose lines above 15 kHz are as loud as their neighbours.

    Parameters
    ----------
    spectrum : np.ndarray, shape=(n_channels, n_bins, n_columns)
        Returned itself where there is no line.
    bin_hz : float
        Distance of bins.
    """
    first = int(np.ceil(WHINE_HZ / bin_hz))
    columns = np.swapaxes(spectrum[:, first:], 1, 2)  # as they lie in memory
    magnitudes = np.abs(columns)
    if not magnitudes.size:
        return spectrum
    # Column by column, for a line may move
    is_line = magnitudes > _PROMINENCE * moving_mean(magnitudes, _NEIGHBOURS)
    has_line = is_line.any(axis=2)
    if not has_line.any():
        return spectrum
    limited = spectrum.copy()
    high = np.swapaxes(limited[:, first:], 1, 2)
    high[has_line] *= _line_gains(magnitudes[has_line], is_line[has_line])
    return limited


def _line_gains(magnitudes: np.ndarray, is_line: np.ndarray) -> np.ndarray:
    """Return the gains that bring lines to their neighbours, a column a row."""
    # Twice, so that a line hardly weighs in what lies around it
    calm = np.minimum(magnitudes, moving_mean(magnitudes, _NEIGHBOURS))
    ceiling = moving_mean(calm, _NEIGHBOURS)
    gains = ceiling / np.maximum(np.maximum(magnitudes, ceiling), _SILENT)
    return np.where(widen(is_line, _LINE_WIDTH), gains, 1.0)


def widen(is_set: np.ndarray, size: int) -> np.ndarray:
    """Return where any of `size` flags around each is set, along the last axis."""
    result = is_set.copy()
    for by in range(1, size // 2 + 1):
        result[..., by:] |= is_set[..., :-by]
        result[..., :-by] |= is_set[..., by:]
    return result
