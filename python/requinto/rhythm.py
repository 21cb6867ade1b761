# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sound tells of its beats: onsets by band, and where its harmony changes."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import soxr

from requinto.audio import channel_statistics
from requinto.config import RhythmConfig
from requinto.rhythm_filters import chroma_filters, mel_filters
from requinto.stft import hann, stft

_CHUNK_S = 60.0  # seconds of sound analysed at once, so that long songs fit
_MARGIN_S = 1.0  # seconds by which chunks overlap
_LEVEL = 0.1  # RMS that every sound is brought to
_FAINTEST = 1e-4  # RMS below which a sound is not made louder
_SILENT = 1e-6  # of the loudest change's magnitudes, squared: no harmony to speak of
_CONTRAST = 1e3  # of the logarithm: magnitudes near 1 / this are where it bends
_HIGHEST_PITCH_HZ = 5000.0
_N_TOGETHER = 64  # columns whose spectra stay in the processor's cache


class _Filters(NamedTuple):
    """What folds the spectra of one window, and of which bins."""

    window: np.ndarray  # (n_fft,)
    bins: slice
    weights: np.ndarray  # (n_bins, n_outputs)


def features(audio: np.ndarray, sample_rate: float, config: RhythmConfig) -> np.ndarray:
    """Return what the beat network hears of a sound.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        One or two channels.
    sample_rate : float
        Hz.
    config : RhythmConfig

    Returns
    -------
    np.ndarray, shape=(n_columns, n_features), float32
        Column `i` lies at `i / config.columns_per_s` seconds.  First the log
        magnitudes of mel bands, 0 or more, of the sound at one level; then how
        much the harmony after a column differs from that before it, 0 to 1, of
        all that sounds and of the bass.

    References
    ----------
    Harmonic change after Harte, Sandler, Gasser, "Detecting Harmonic Change in
    Musical Audio", AMCMM 2006, doi:10.1145/1178723.1178727; here the cosine
    distance of mean chroma before and after, in a window of each length.
    """
    means, powers = channel_statistics(audio)
    parts = list(_analysed(audio, sample_rate, config, float(means.mean())))
    bands, chroma = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    # Not the RMS: an offset, which nobody hears, is no level
    level = float(np.sqrt((powers - means**2).mean().clip(0)))
    gain = np.float32(_CONTRAST * _LEVEL / max(level, _FAINTEST))
    return np.concatenate([np.log1p(gain * bands), changes(chroma, config)], axis=1)


def _analysed(
    audio: np.ndarray, sample_rate: float, config: RhythmConfig, offset: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield mel bands and the two chroma of each stretch of columns."""
    rate, hop = config.sample_rate, config.hop
    n_columns = int(audio.shape[1] / sample_rate * rate / hop) + 1
    chunk, margin = (round(s * rate / hop) for s in (_CHUNK_S, _MARGIN_S))
    sharp, fine = _filters(config)
    for first in range(0, n_columns, chunk):
        lead = min(first, margin)
        start = round((first - lead) * hop / rate * sample_rate)
        stop = round((first + chunk + margin) * hop / rate * sample_rate)
        mono = audio[:, start:stop].mean(axis=0)
        mono -= np.float32(offset)  # where the sound ends, it would be a step
        sound = _resample(mono, sample_rate, rate)
        columns = range(lead, lead + min(chunk, n_columns - first))
        bands = _fold(sound, sharp, hop, columns)
        chroma = _fold(sound, fine, hop, columns)
        yield bands, chroma.reshape(len(columns), 2, -1).swapaxes(1, 2)


def _resample(mono: np.ndarray, sample_rate: float, rate: int) -> np.ndarray:
    n_frames = int(np.ceil(len(mono) * rate / sample_rate))
    if sample_rate != rate:
        mono = soxr.resample(mono, sample_rate, rate, quality="HQ")
    return np.pad(mono[:n_frames], (0, max(0, n_frames - len(mono))))


def _fold(sound: np.ndarray, filters: _Filters, hop: int, columns: range) -> np.ndarray:
    """Return the filters' sums of magnitudes, `(n_columns, n_outputs)`.

    Columns are centred on multiples of the hop; a sine of amplitude 1 has magnitude
    1 / 2.
    """
    n_fft = len(filters.window)
    missing = max(0, (columns.stop - 1) * hop + n_fft // 2 - len(sound))
    padded = np.pad(sound, (n_fft // 2, missing))
    folded = np.empty((len(columns), filters.weights.shape[1]), np.float32)
    for first in range(0, len(columns), _N_TOGETHER):
        few = columns[first : first + _N_TOGETHER]
        stretch = padded[few.start * hop : (few.stop - 1) * hop + n_fft]
        magnitudes = np.abs(stft(stretch, filters.window, hop)[:, filters.bins])
        np.matmul(magnitudes, filters.weights, out=folded[first : first + len(few)])
    return folded


@functools.lru_cache(maxsize=4)
def _filters(config: RhythmConfig) -> tuple[_Filters, _Filters]:
    """Return what gives mel bands, and pitch classes of all sound and of the bass."""
    rate, n_fft = config.sample_rate, config.n_fft_harmony
    mel = mel_filters(
        rate, config.n_fft, config.n_bands, config.lowest_hz, config.highest_hz
    )
    hz = np.fft.rfftfreq(n_fft, 1 / rate)
    is_pitch = (hz > config.lowest_hz) & (hz < _HIGHEST_PITCH_HZ)
    fold = chroma_filters(rate, n_fft) * is_pitch
    bass = fold * (hz < config.bass_hz)
    return _compact(mel, config.n_fft), _compact(np.concatenate([fold, bass]), n_fft)


def _compact(weights: np.ndarray, n_fft: int) -> _Filters:
    """Leave out bins that no filter takes."""
    used = np.flatnonzero(weights.any(axis=0))
    bins = slice(int(used[0]), int(used[-1]) + 1)
    window = hann(n_fft) * np.float32(2 / n_fft)
    return _Filters(window, bins, np.ascontiguousarray(weights[:, bins].T))


def changes(chroma: np.ndarray, config: RhythmConfig) -> np.ndarray:
    """Return how harmony changes at each column, by window length, then register.

    Parameters
    ----------
    chroma : np.ndarray, shape=(n_columns, 12, 2)
        Magnitudes by pitch class, of all that sounds and of the bass.

    Returns
    -------
    np.ndarray, shape=(n_columns, 2 * len(config.change_s))
        Cosine distances, 0 to 1.
    """
    total = np.cumsum(np.pad(chroma.astype(np.float64), ((1, 0), (0, 0), (0, 0))), 0)
    last = len(chroma)
    here = np.arange(last)
    found = []
    for seconds in config.change_s:
        width = round(seconds * config.columns_per_s)
        before = total[here] - total[np.maximum(here - width, 0)]
        after = total[np.minimum(here + width, last)] - total[here]
        likeness = (before * after).sum(axis=1)
        scale = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
        # Where either side is silent nothing can be said
        silent = scale <= _SILENT * scale.max(initial=0.0)
        found.append(np.where(silent, 0.0, 1 - likeness / (scale + 1e-12)))
    return np.clip(np.concatenate(found, axis=1), 0, 1).astype(np.float32)
