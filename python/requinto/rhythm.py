# SPDX-License-Identifier: GPL-3.0-or-later
"""Features of rhythm: onsets by band, and changes of harmony."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from requinto.audio import ChannelStatistics, channel_statistics, resample
from requinto.config import RhythmConfig
from requinto.stft import chroma_filters, hann, mel_filters, stft

_CHUNK_S = 60.0  # seconds of sound analysed at once, so that long songs fit
_MARGIN_S = 1.0  # seconds by which chunks overlap
_UNSETTLED_S = 0.2  # half of the longest window and more, and what the resampler sees
_LEVEL = 0.1  # RMS that every sound is brought to
_FAINTEST = 1e-4  # RMS below which a sound is not made louder
_SILENT = 1e-6  # of the loudest change's magnitudes, squared: no harmony to speak of
_CONTRAST = 1e3  # of the logarithm: magnitudes near 1 / this are where it bends
_HIGHEST_PITCH_HZ = 5000.0
_N_TOGETHER = 64  # columns whose spectra stay in the processor's cache

Reader = Callable[[int, int], np.ndarray]  # of frames from one to before another


class _Filters(NamedTuple):
    """What folds the spectra of one window, and of which bins."""

    window: np.ndarray  # (n_fft,)
    bins: slice
    weights: np.ndarray  # (n_bins, n_outputs)


def features(audio: np.ndarray, sample_rate: float, config: RhythmConfig) -> np.ndarray:
    """Return the beat network's input for a sound.

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
    offset = float(statistics.means.mean())
    parts = analyse(_reader(audio), audio.shape[1], sample_rate, offset, config)
    bands, chroma = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    return _scale(bands, chroma, statistics, config)


class RecentFeatures:
    """The features of a stream's last seconds, whose columns are analysed once.

    They are those of `features`, except at the start, where they include what came
    before.

    Parameters
    ----------
    config : RhythmConfig
    """

    def __init__(self, config: RhythmConfig) -> None:
        self._config = config
        self._first = 0  # column of the stream at which what is known begins
        self._bands = np.zeros((0, config.n_bands), np.float32)
        self._chroma = np.zeros((0, 12, 2), np.float32)

    def of(self, audio: np.ndarray, sample_rate: float, column: int) -> np.ndarray:
        """Return the features of the last seconds.

        Parameters
        ----------
        audio : np.ndarray, shape=(n_channels, n_frames)
            One or two channels, from `column` on.
        sample_rate : float
            Hz, the same each time.
        column : int
            Of the stream; not before that of the last time.
        """
        config = self._config
        known = slice(column - self._first, None)
        bands, chroma = self._bands[known], self._chroma[known]
        statistics = channel_statistics(audio)
        n_columns = count_columns(audio.shape[1], sample_rate, config)
        offset = float(statistics.means.mean())
        fresh = range(len(bands), n_columns)
        if fresh:
            new = self._analyse_fresh(audio, sample_rate, offset, fresh)
            bands, chroma = (
                np.concatenate(pair) for pair in zip((bands, chroma), new, strict=True)
            )
        # The windows of the last ones reach beyond the sound that has come
        n_whole = max(0, n_columns - round(_UNSETTLED_S * config.columns_per_s))
        self._first = column
        self._bands, self._chroma = bands[:n_whole], chroma[:n_whole]
        if not (bands.any() or chroma.any()):
            return np.zeros((n_columns, config.n_features), np.float32)
        return _scale(bands, chroma, statistics, config)

    def _analyse_fresh(
        self, audio: np.ndarray, sample_rate: float, offset: float, columns: range
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what `_analyse` does; of silence, whose spectra are zeros, at once."""
        if audio.any():
            return _analyse(_reader(audio), sample_rate, offset, self._config, columns)
        n_columns = len(columns)
        bands = np.zeros((n_columns, self._config.n_bands), np.float32)
        return bands, np.zeros((n_columns, 12, 2), np.float32)


def _scale(
    bands: np.ndarray,
    chroma: np.ndarray,
    statistics: ChannelStatistics,
    config: RhythmConfig,
) -> np.ndarray:
    parts = scale_bands(bands, statistics), _changes(chroma, config)
    return np.concatenate(parts, axis=1)


def scale_bands(bands: np.ndarray, statistics: ChannelStatistics) -> np.ndarray:
    """Return the log magnitudes of mel bands, of the sound at one level."""
    # Not the RMS: an offset is inaudible
    powers = statistics.mean_squares - statistics.means**2
    level = max(float(np.sqrt(powers.mean().clip(0))), _FAINTEST)
    return np.log1p(np.float32(_CONTRAST * _LEVEL / level) * bands)


def count_columns(n_frames: int, sample_rate: float, config: RhythmConfig) -> int:
    """Return how many columns so much sound has."""
    return int(n_frames / sample_rate * config.sample_rate / config.hop) + 1


def analyse(
    read: Reader,
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
    n_columns = count_columns(n_frames, sample_rate, config)
    chunk = round(_CHUNK_S * config.columns_per_s)
    for first in range(0, n_columns, chunk):
        columns = range(n_columns)[first : first + chunk]
        yield _analyse(read, sample_rate, offset, config, columns)


def _reader(audio: np.ndarray) -> Reader:
    return lambda start, stop: audio[:, start:stop]


def _analyse(
    read: Reader,
    sample_rate: float,
    offset: float,
    config: RhythmConfig,
    columns: range,
) -> tuple[np.ndarray, np.ndarray]:
    """Return mel bands and the two chroma of some columns."""
    rate, hop = config.sample_rate, config.hop
    margin = round(_MARGIN_S * config.columns_per_s)
    lead = min(columns.start, margin)
    start = round((columns.start - lead) * hop / rate * sample_rate)
    stop = round((columns.stop + margin) * hop / rate * sample_rate)
    audio = read(start, stop)
    # A product, for a mean over so short an axis takes three times as long
    mono = np.full(len(audio), 1 / len(audio), np.float32) @ audio
    mono -= np.float32(offset)  # where the sound ends, it would be a step
    sound = resample(mono, sample_rate, rate)
    sharp, fine = _filters(config)
    here = range(lead, lead + len(columns))
    bands = _fold(sound, sharp, hop, here)
    chroma = _fold(sound, fine, hop, here)
    return bands, chroma.reshape(len(columns), 2, -1).swapaxes(1, 2)


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


def _changes(chroma: np.ndarray, config: RhythmConfig) -> np.ndarray:
    """Return how harmony changes at each column, `(n_columns, 2 * n_windows)`."""
    total = np.cumsum(np.pad(chroma.astype(np.float64), ((1, 0), (0, 0), (0, 0))), 0)
    distances, scales = harmony_distances(total, 0, len(chroma), len(chroma), config)
    return without_silence(distances, scales, scales.max(axis=0, initial=0.0))


def harmony_distances(
    total: np.ndarray, first: int, last: int, n_columns: int, config: RhythmConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return how harmony changes at some columns, by window length, then register.

    Parameters
    ----------
    total : np.ndarray, shape=(n_totals, 12, 2)
        Sums of the chroma before each column, by pitch class, of all that sounds and of
        the bass; from the longest window (or all there are) before `first` to the
        longest window (or all) after `last`.
    first, last : int
        The columns, from one to before the other.
    n_columns : int
        Of the whole sound.
    config : RhythmConfig

    Returns
    -------
    distances, scales : np.ndarray, shape=(last - first, 2 * len(config.change_s))
        Cosine distances, also where all is silent, and the magnitudes multiplied.
    """
    widths = [round(seconds * config.columns_per_s) for seconds in config.change_s]
    origin = max(0, first - max(widths))
    columns = np.arange(first, last)
    here = total[columns - origin]
    distances, scales = [], []
    for width in widths:
        before = here - total[np.maximum(columns - width, 0) - origin]
        after = total[np.minimum(columns + width, n_columns) - origin] - here
        likeness = _products(before, after)
        scale = np.sqrt(_products(before, before)) * np.sqrt(_products(after, after))
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
    clipped = np.clip(np.where(scales <= _SILENT * loudest, 0.0, distances), 0, 1)
    return clipped.astype(np.float32)


def _products(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the sums of products over pitch classes, `(n_columns, 2)`."""
    return np.einsum("tcr,tcr->tr", one, other)
