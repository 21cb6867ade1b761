# SPDX-License-Identifier: GPL-3.0-or-later
"""Label the sections of a song by what its bars sound like."""

from __future__ import annotations

import functools
import heapq
import itertools
import string
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from requinto.audio import resample
from requinto.beats import Beats
from requinto.stft import chroma_filters, hann, mel_filters, stft

_BARS_PER_SPAN = 4  # of the runs into which a song is cut before like ones are grouped
_APART = 0.45  # distance at which runs are not alike any more; by validation songs
_MAX_GROUPS = 6
_SHORTEST_BARS = 2  # of a section; a shorter one belongs to its neighbour
_EDGE_SHARE = 0.2  # of the song that an intro or an outro lasts at most
_FEW_BARS = 6  # a song of fewer has one section

_RATE = 22050  # Hz
_HOP = 2048  # samples
_N_FFT = 2 * _HOP
_CHUNK_S = 120.0  # of sound analysed at once, so that long songs fit
_N_MELS = 64
_N_TIMBRES = 12  # cepstral coefficients, after the first, which is loudness
_OCTAVE_WIDTH = 2.0  # of chroma
_FAINTEST = 1e-10  # power, below which decibels stay the same
_RANGE_DB = 80.0  # below the loudest, where decibels end

NAMES = ("intro", "verse", "chorus", "bridge", "outro")


class Section(NamedTuple):
    """A part of a song."""

    name: str  # one of `NAMES`
    group: str  # sections of one letter sound alike
    start_s: float
    end_s: float


def sections(audio: np.ndarray, sample_rate: float, beats: Beats) -> list[Section]:
    """Return the sections of a song, from its start to its end.

    Bars are grouped by timbre and harmony; which group is called what is a guess
    from how loud it is, how often it comes back, and where it stands.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        One or two channels.
    sample_rate : float
        Hz.
    beats : Beats
        Of this song; its bars are what is compared.

    References
    ----------
    Runs of like bars as in McFee, Ellis, "Learning to Segment Songs with Ordinal
    Linear Discriminant Analysis", ICASSP 2014, without its learning; average linkage
    then groups the runs that are alike.
    """
    duration_s = audio.shape[1] / sample_rate
    edges_s = _edges(beats, duration_s)
    n_bars = len(edges_s) - 1
    if n_bars < _FEW_BARS:
        return [Section("verse", "A", 0.0, duration_s)]
    timbre, harmony, loudness = bar_features(audio, sample_rate, edges_s)
    features = np.concatenate(
        [
            _standardise(timbre) / np.sqrt(timbre.shape[1]),
            harmony,
            _standardise(loudness)[:, None],
        ],
        axis=1,
    )
    groups = _absorb_short_runs(_groups(features), features)
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    spans = list(itertools.pairwise([*starts.tolist(), n_bars]))
    names = _names(spans, groups, loudness)
    letters = list(dict.fromkeys(groups[starts].tolist()))
    return [
        Section(
            name,
            string.ascii_uppercase[letters.index(groups[first])],
            float(edges_s[first]),
            float(edges_s[last]),
        )
        for name, (first, last) in zip(names, spans, strict=True)
    ]


def _edges(beats: Beats, duration_s: float) -> np.ndarray:
    """Return the seconds between which bars lie; a pickup is part of the first."""
    bars_s = beats.downbeats_s
    bars_s = bars_s[(bars_s > 0) & (bars_s < duration_s - 0.5)]
    return np.concatenate([[0.0], bars_s[1:], [duration_s]])


def _groups(features: np.ndarray) -> np.ndarray:
    """Return a number for each bar; bars of one number sound alike."""
    from scipy.cluster.hierarchy import fcluster, linkage

    n_bars = len(features)
    n_spans = max(2, round(n_bars / _BARS_PER_SPAN))
    starts = merge_neighbours(features, n_spans)
    lengths = np.diff(starts, append=n_bars)
    means = np.add.reduceat(features, starts) / lengths[:, None]
    tree = linkage(means, "average")
    alike = fcluster(tree, _APART, "distance")
    if alike.max() > _MAX_GROUPS:
        alike = fcluster(tree, _MAX_GROUPS, "maxclust")
    return np.repeat(alike, lengths)


def _standardise(values: np.ndarray) -> np.ndarray:
    """Return values about zero, and as wide in each column."""
    return np.asarray((values - values.mean(0)) / (values.std(0) + 1e-6))


def _absorb_short_runs(groups: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return groups in which no run is too short: it joins the neighbour it is like."""
    groups = groups.copy()
    while True:
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        lengths = np.diff(starts, append=len(groups))
        if len(starts) < 2 or lengths.min() >= _SHORTEST_BARS:
            return groups
        i = int(np.argmin(lengths))
        first, last = starts[i], starts[i] + lengths[i]
        here = features[first:last].mean(axis=0)
        sides = [side for side in (first - 1, last) if 0 <= side < len(groups)]
        like = min(sides, key=lambda side: float(np.sum((features[side] - here) ** 2)))
        groups[first:last] = groups[like]


def _names(
    spans: list[tuple[int, int]], groups: np.ndarray, loudness: np.ndarray
) -> list[str]:
    """Return what each span of bars is called."""
    n_bars = len(groups)
    levels = {g: float(np.mean(loudness[groups == g])) for g in set(groups.tolist())}
    counts = {g: sum(groups[first] == g for first, _ in spans) for g in levels}
    names = [""] * len(spans)
    for index, name in ((0, "intro"), (-1, "outro")):
        first, last = spans[index]
        alone = counts[groups[first]] == 1
        if len(spans) > 2 and alone and last - first <= _EDGE_SHARE * n_bars:
            names[index] = name
    within = [i for i, name in enumerate(names) if not name]
    again = {groups[spans[i][0]] for i in within if counts[groups[spans[i][0]]] > 1}
    again = again or {groups[spans[i][0]] for i in within}
    chorus = max(again, key=lambda g: levels[g]) if len(again) > 1 else None
    verses = [groups[spans[i][0]] for i in within if groups[spans[i][0]] in again]
    verse = next((group for group in verses if group != chorus), None)
    for i in within:
        group = groups[spans[i][0]]
        names[i] = (
            "chorus" if group == chorus else "verse" if group == verse else "bridge"
        )
    return names


class BarFeatures(NamedTuple):
    """What each bar sounds like."""

    timbre: np.ndarray  # (n_bars, 12), cepstral coefficients of decibels
    harmony: np.ndarray  # (n_bars, 12), of length 1
    loudness: np.ndarray  # (n_bars,), dB


def bar_features(
    audio: np.ndarray, sample_rate: float, edges_s: np.ndarray
) -> BarFeatures:
    """Return the features of each bar.

    Steps are those of `librosa.feature` with its defaults; a test compares them.

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
    decibels = np.add.reduceat(_power_to_db(mel), starts, axis=1)
    decibels /= np.maximum(np.diff(starts, append=mel.shape[1]), 1)
    harmony = np.add.reduceat(chroma, starts, axis=1)
    lengths = np.linalg.norm(harmony, axis=0)
    is_silent = lengths < np.finfo(np.float32).tiny
    harmony = harmony / np.where(is_silent, 1, lengths)
    loudness = _power_to_db((10 ** (decibels / 10)).sum(axis=0))
    return BarFeatures(_cepstrum(decibels).T, harmony.T, loudness)


def _spectral_chunks(
    audio: np.ndarray, sample_rate: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield mel powers `(64, n_hops)` and chroma `(12, n_hops)` of each stretch."""
    mel_weights, chroma_weights = _filters()
    step = round(_CHUNK_S * _RATE / _HOP) * _HOP / _RATE
    for start_s in np.arange(0, audio.shape[1] / sample_rate, step):
        first, last = (round(s * sample_rate) for s in (start_s, start_s + step))
        mono = resample(audio[:, first:last].mean(axis=0), sample_rate, _RATE)
        n_hops = max(len(mono), _N_FFT) // _HOP
        # Columns are centred on multiples of the hop
        padded = np.pad(mono, (_N_FFT // 2, max(_N_FFT - len(mono), 0) + _N_FFT // 2))
        magnitudes = np.abs(stft(padded, hann(_N_FFT), _HOP)[:n_hops].T)
        yield mel_weights @ np.square(magnitudes), chroma_weights @ magnitudes


@functools.lru_cache(maxsize=1)
def _filters() -> tuple[np.ndarray, np.ndarray]:
    mel = mel_filters(_RATE, _N_FFT, _N_MELS, 0.0, _RATE / 2, norm="slaney")
    return mel, chroma_filters(_RATE, _N_FFT, norm=2, octave_width=_OCTAVE_WIDTH)


def _power_to_db(power: np.ndarray) -> np.ndarray:
    """Return decibels, at most 80 below the loudest."""
    decibels = 10 * np.log10(np.maximum(power, _FAINTEST))
    return np.asarray(np.maximum(decibels, decibels.max() - _RANGE_DB))


def _cepstrum(decibels: np.ndarray) -> np.ndarray:
    """Return 12 cepstral coefficients of each column, after the first, float32."""
    from scipy.fft import dct

    coefficients = dct(decibels, axis=0, norm="ortho")
    return np.asarray(coefficients[1 : _N_TIMBRES + 1], np.float32)


class _Run(NamedTuple):
    """Neighbouring rows."""

    first: int
    stop: int
    total: np.ndarray  # (n_features,), sum of the rows

    def __add__(self, other: _Run) -> _Run:  # type: ignore[override]
        first, stop = min(self.first, other.first), max(self.stop, other.stop)
        return _Run(first, stop, self.total + other.total)


def merge_neighbours(features: np.ndarray, n_runs: int) -> np.ndarray:
    """Return where runs of like rows start, as `librosa.segment.agglomerative` does.

    This is Ward's clustering, in which only neighbours merge: again and again the two
    runs that add least to the squared distances of rows from the means of their runs.

    Parameters
    ----------
    features : np.ndarray, shape=(n_rows, n_features)
    n_runs : int
        From 1 to `n_rows`.

    Returns
    -------
    np.ndarray of int, shape=(n_runs,)
        The first is 0.

    References
    ----------
    Ward, "Hierarchical Grouping to Optimize an Objective Function", Journal of the
    American Statistical Association 58(301), 1963, doi:10.1080/01621459.1963.10500845.
    """
    n_rows = len(features)
    runs = {i: _Run(i, i + 1, row) for i, row in enumerate(features)}
    starting = {run.first: i for i, run in runs.items()}
    ending = {run.stop: i for i, run in runs.items()}
    # Of mergers that cost the same, the one of the oldest runs is first
    mergers = [(_increase(runs[i], runs[i - 1]), i, i - 1) for i in range(1, n_rows)]
    heapq.heapify(mergers)
    for new in range(n_rows, 2 * n_rows - n_runs):
        runs[new] = run = _pop_cheapest(mergers, runs)
        starting[run.first] = ending[run.stop] = new
        for neighbour in (ending.get(run.first), starting.get(run.stop)):
            if neighbour is not None:
                cost = _increase(run, runs[neighbour])
                heapq.heappush(mergers, (cost, new, neighbour))
    return np.sort([run.first for run in runs.values()])


def _pop_cheapest(mergers: list[tuple[float, int, int]], runs: dict[int, _Run]) -> _Run:
    """Take the two runs that cost least to merge; return what they make."""
    while True:
        _, one, other = heapq.heappop(mergers)
        if one in runs and other in runs:
            return runs.pop(one) + runs.pop(other)


def _increase(one: _Run, other: _Run) -> float:
    """Return what merging adds to the squared distances from means."""
    n, n_other = one.stop - one.first, other.stop - other.first
    gap = one.total / n - other.total / n_other
    return float(gap @ gap) * n * n_other / (n + n_other)
