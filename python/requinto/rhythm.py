# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sound tells of its beats: onsets by band, and where its harmony changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import librosa
import numpy as np

from requinto.audio import ChannelStatistics, channel_statistics
from requinto.config import RhythmConfig

_CHUNK_S = 60.0  # seconds of sound analysed at once, so that long songs fit
_MARGIN_S = 1.0  # seconds by which chunks overlap
_LEVEL = 0.1  # RMS that every sound is brought to
_FAINTEST = 1e-4  # RMS below which a sound is not made louder
_SILENT = 1e-6  # of the loudest change's magnitudes, squared: no harmony to speak of
_CONTRAST = 1e3  # of the logarithm: magnitudes near 1 / this are where it bends


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
    statistics = channel_statistics(audio)
    parts = analyse(
        *(lambda start, stop: audio[:, start:stop], audio.shape[1], sample_rate),
        *(float(statistics.means.mean()), config),
    )
    bands, chroma = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    return np.concatenate(
        [scale_bands(bands, statistics), changes(chroma, config)], axis=1
    ).astype(np.float32)


def scale_bands(bands: np.ndarray, statistics: ChannelStatistics) -> np.ndarray:
    """Return the log magnitudes of mel bands, of the sound at one level."""
    # Not the RMS: an offset, which nobody hears, is no level
    powers = statistics.mean_squares - statistics.means**2
    gain = _LEVEL / max(float(np.sqrt(powers.mean().clip(0))), _FAINTEST)
    return np.asarray(np.log1p(_CONTRAST * gain * bands))


def count_columns(n_frames: int, sample_rate: float, config: RhythmConfig) -> int:
    """Return how many columns so much sound has."""
    return int(n_frames / sample_rate * config.sample_rate / config.hop) + 1


def analyse(
    read: Callable[[int, int], np.ndarray],
    n_frames: int,
    sample_rate: float,
    offset: float,
    config: RhythmConfig,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield mel bands and the two chroma of each stretch of columns.

    Parameters
    ----------
    read : callable
        Returns the frames `(n_channels, ...)` from one to another, as far as there
        are some; the first never lies before that of an earlier call.
    n_frames : int
    sample_rate : float
        Hz.
    offset : float
        The mean of all samples.
    config : RhythmConfig
    """
    rate, hop = config.sample_rate, config.hop
    n_columns = count_columns(n_frames, sample_rate, config)
    chunk, margin = (round(s * rate / hop) for s in (_CHUNK_S, _MARGIN_S))
    mel, folds = _filters(config)
    for first in range(0, n_columns, chunk):
        lead = min(first, margin)
        start = round((first - lead) * hop / rate * sample_rate)
        stop = round((first + chunk + margin) * hop / rate * sample_rate)
        # Where the sound ends, an offset would be a step
        mono = librosa.to_mono(read(start, stop)) - np.float32(offset)
        heard = librosa.resample(mono, orig_sr=sample_rate, target_sr=rate)
        keep = slice(lead, lead + min(chunk, n_columns - first))
        sharp = _magnitude(heard, config.n_fft, hop)[:, keep]
        fine = _magnitude(heard, config.n_fft_harmony, hop)[:, keep]
        yield (mel @ sharp).T, np.stack([fold @ fine for fold in folds]).T
        del mono, heard, sharp, fine  # 40 MB, before the next ones come beside them


def _magnitude(heard: np.ndarray, n_fft: int, hop: int) -> np.ndarray:
    # Scaled so that a sine of amplitude 1 has magnitude 1 / 2
    heard = librosa.util.fix_length(heard, size=max(len(heard), n_fft))
    spectrum = librosa.stft(heard, n_fft=n_fft, hop_length=hop, pad_mode="constant")
    return np.asarray(np.abs(spectrum) * np.float32(2 / n_fft))


def _filters(config: RhythmConfig) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the mel bands, and what folds bins to pitch classes: all, and bass."""
    mel = librosa.filters.mel(
        sr=config.sample_rate,
        n_fft=config.n_fft,
        n_mels=config.n_bands,
        fmin=config.lowest_hz,
        fmax=config.highest_hz,
        norm=None,
    )
    fold = librosa.filters.chroma(
        sr=config.sample_rate, n_fft=config.n_fft_harmony, octwidth=None, norm=None
    )
    hz = librosa.fft_frequencies(sr=config.sample_rate, n_fft=config.n_fft_harmony)
    heard = (hz > config.lowest_hz) & (hz < 5000)
    return mel, [fold * heard, fold * (heard & (hz < config.bass_hz))]


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
    distances, scales = harmony_distances(total, 0, len(chroma), len(chroma), config)
    return without_silence(distances, scales, scales.max(axis=0, initial=0.0))


def harmony_distances(
    total: np.ndarray, first: int, last: int, n_columns: int, config: RhythmConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return how harmony changes at some columns, also where all is silent.

    Parameters
    ----------
    total : np.ndarray, shape=(n_totals, 12, 2)
        Sums of the chroma before each column, from the longest window (or all there
        are) before `first` to the longest window (or all) after `last`.
    first, last : int
        The columns, from one to before the other.
    n_columns : int
        Of the whole sound.
    config : RhythmConfig

    Returns
    -------
    distances, scales : np.ndarray, shape=(last - first, 2 * len(config.change_s))
        Cosine distances, and the magnitudes that were multiplied.
    """
    widths = [round(seconds * config.columns_per_s) for seconds in config.change_s]
    origin = max(0, first - max(widths))
    columns = np.arange(first, last)
    here = total[columns - origin]
    distances, scales = [], []
    for width in widths:
        before = here - total[np.maximum(columns - width, 0) - origin]
        after = total[np.minimum(columns + width, n_columns) - origin] - here
        likeness = (before * after).sum(axis=1)
        scale = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
        distances.append(1 - likeness / (scale + 1e-12))
        scales.append(scale)
    return np.concatenate(distances, axis=1), np.concatenate(scales, axis=1)


def without_silence(
    distances: np.ndarray, scales: np.ndarray, largest: np.ndarray
) -> np.ndarray:
    """Return distances, 0 to 1, and 0 where either side is silent.

    Parameters
    ----------
    distances, scales : np.ndarray, shape=(n_columns, 2 * n_windows)
        As `harmony_distances` returns them.
    largest : np.ndarray, shape=(2 * n_windows,)
        The largest scales of the whole sound.
    """
    loudest = np.repeat(largest.reshape(-1, 2).max(axis=1), 2)  # of both registers
    return np.clip(np.where(scales <= _SILENT * loudest, 0.0, distances), 0, 1)
