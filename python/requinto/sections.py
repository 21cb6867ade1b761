# SPDX-License-Identifier: GPL-3.0-or-later
"""Label the sections of a song by what its bars sound like."""

from __future__ import annotations

import itertools
import string
from typing import NamedTuple

import numpy as np

from requinto.bar_features import bar_features
from requinto.beats import Beats
from requinto.ward import merge_neighbours

_BARS_PER_SPAN = 4  # of the runs into which a song is cut before like ones are found
_APART = 0.45  # distance at which runs are not alike any more; by validation songs
_MOST_GROUPS = 6
_SHORTEST_BARS = 2  # of a section; a shorter one belongs to its neighbour
_EDGE_SHARE = 0.2  # of the song that an intro or an outro lasts at most
_FEW_BARS = 6  # a song of fewer has one section

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
    Linear Discriminant Analysis", ICASSP 2014, without its learning; runs that are
    alike are then found by average linkage.
    """
    duration_s = audio.shape[1] / sample_rate
    edges_s = _edges(beats, duration_s)
    n_bars = len(edges_s) - 1
    if n_bars < _FEW_BARS:
        return [Section("verse", "A", 0.0, duration_s)]
    timbre, harmony, loudness = bar_features(audio, sample_rate, edges_s)
    features = np.concatenate(
        [
            _spread(timbre) / np.sqrt(timbre.shape[1]),
            harmony,
            _spread(loudness)[:, None],
        ],
        axis=1,
    )
    groups = _merged(_groups(features), features)
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
    if alike.max() > _MOST_GROUPS:
        alike = fcluster(tree, _MOST_GROUPS, "maxclust")
    return np.repeat(alike, lengths)


def _spread(values: np.ndarray) -> np.ndarray:
    """Return values about zero, and as wide in each column."""
    return np.asarray((values - values.mean(0)) / (values.std(0) + 1e-6))


def _merged(groups: np.ndarray, features: np.ndarray) -> np.ndarray:
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
    for place, name in ((0, "intro"), (-1, "outro")):
        first, last = spans[place]
        alone = counts[groups[first]] == 1
        if len(spans) > 2 and alone and last - first <= _EDGE_SHARE * n_bars:
            names[place] = name
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
