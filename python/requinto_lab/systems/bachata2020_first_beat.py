# SPDX-License-Identifier: GPL-3.0-or-later
"""How loud an estimate is by its place in the clip, beside the truth.

Each song is cut into clips of four beats four times, from its first beat and from the
three after it, so that every beat is heard at each place in a clip: what the music does
there cancels out, and only the place is left.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import librosa
import numpy as np

from requinto.beats import Beats
from requinto.errors import BeatsError
from requinto_lab.evaluation.items import Item
from requinto_lab.evaluation.systems import System, Task

BEATS_PER_CLIP = 4
PARTS = 4  # of a beat
BIN_S = 0.01
N_BINS = 30  # around a clip's beginning, half of them before it
N_NEAR = 5  # bins on a side of a clip's beginning
_RATE = 11025  # Hz: what the thesis hears
_SOUNDING = 1e-3  # of the target's mean power: below it no level is compared
_LEAST = 1e-9  # of full scale's power


class Excess(NamedTuple):
    """How much louder a system is at places of its clips than elsewhere, in one item.

    All is relative to the truth, in dB; the truth itself has 0 everywhere.
    """

    system: str
    song: int
    instrument: str
    parts_db: np.ndarray  # (BEATS_PER_CLIP * PARTS,), parts of beats; their mean is 0
    around_db: np.ndarray  # (N_BINS,), where a clip begins, above where none does

    @property
    def first_beat_db(self) -> float:
        """The first beat above the other three."""
        first, others = np.split(self.parts_db, [PARTS])
        return _mean(first) - _mean(others)

    @property
    def before_db(self) -> float:
        """The last bins of a clip."""
        return _mean(self.around_db[N_BINS // 2 - N_NEAR : N_BINS // 2])

    @property
    def after_db(self) -> float:
        """The first bins of a clip."""
        return _mean(self.around_db[N_BINS // 2 : N_BINS // 2 + N_NEAR])


def excesses(item: Item, systems: Iterable[System]) -> Iterator[Excess]:
    """Yield what each system does at the places of its clips in one item."""
    asked = question(item)
    ruler = Ruler(asked)
    for system in systems:
        estimates = [system.estimate(late(asked, n)) for n in range(BEATS_PER_CLIP)]
        parts, around = ruler.compared(estimates)
        yield Excess(system.name, item.meta["seed"], item.instrument, parts, around)


def question(item: Item) -> Task:
    """Return what an item asks, with its true beats."""
    mixture, rate = item.read("mix")
    truth, _ = item.read("target")
    reference, _ = item.read("reference")
    meta = item.meta
    times_s, bars_s = (np.array(meta[name]) for name in ("beats_s", "downbeats_s"))
    beats = Beats(times_s, bars_s, meta["tempo_bpm"])
    return Task(mixture, reference, rate, item.instrument, beats, truth)


def late(asked: Task, n_beats: int) -> Task:
    """Return the same question, to be cut into clips from so many beats later."""
    beats = known_beats(asked)
    times_s = beats.times_s[n_beats:]
    beats = Beats(times_s, times_s[::BEATS_PER_CLIP], beats.tempo_bpm)
    return dataclasses.replace(asked, beats=beats)


def known_beats(asked: Task) -> Beats:
    """Return the beats of a question, or raise `BeatsError` if it gives none."""
    if asked.beats is None:
        raise BeatsError("where clips begin is measured with beats that are known")
    return asked.beats


class Ruler:
    """Where the beats of a song are, and how loud its target is there.

    Parameters
    ----------
    asked : Task
        With beats.
    """

    def __init__(self, asked: Task) -> None:
        self._rate = asked.sample_rate
        self._truth = narrow(asked.truth, self._rate)
        times_s = known_beats(asked).times_s
        starts_s, lengths_s = times_s[:-1, None], np.diff(times_s)[:, None]
        parts = np.arange(PARTS + 1) / PARTS
        bins_s = (np.arange(N_BINS + 1) - N_BINS // 2) * BIN_S
        self._parts = _frames(starts_s + parts * lengths_s)
        self._bins = _frames(starts_s + bins_s)

    def compared(self, estimates: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return `parts_db` and `around_db` of estimates on grids each a beat later."""
        sounds = [narrow(estimate, self._rate) for estimate in estimates]
        parts_db = self._levels_db(sounds, self._parts)
        bins_db = self._levels_db(sounds, self._bins)
        places = [_at_place(parts_db, place) for place in range(BEATS_PER_CLIP)]
        # Above the mean of all grids, so less above that of the others
        others = BEATS_PER_CLIP / (BEATS_PER_CLIP - 1)
        return np.concatenate(places), others * _at_place(bins_db, 0)

    def _levels_db(self, sounds: list[np.ndarray], edges: np.ndarray) -> np.ndarray:
        """Return levels over the truth's, `(n_grids, n_beats, n)`, less their mean.

        The mean is over grids: what the music does on a beat is the same on each.
        Where the truth is quiet, or not all grids have clips, there is nan.
        """
        true = _power(self._truth, edges)
        found = np.stack([_power(sound, edges) for sound in sounds])
        levels_db = 10 * np.log10((found + _LEAST) / (true + _LEAST))
        levels_db[:, true < _SOUNDING * np.mean(self._truth**2)] = np.nan
        levels_db[:, :BEATS_PER_CLIP] = np.nan
        return levels_db - levels_db.mean(axis=0)


def narrow(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return what of a sound the thesis hears: one channel at its rate."""
    mono = np.atleast_2d(sound).mean(axis=0)
    return librosa.resample(mono, orig_sr=sample_rate, target_sr=_RATE)


def _frames(times_s: np.ndarray) -> np.ndarray:
    return np.maximum(np.round(times_s * _RATE).astype(int), 0)


def _power(sound: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return mean squares between edges `(n_beats, n + 1)`, as `(n_beats, n)`."""
    total = np.append(0, np.cumsum(np.square(sound, dtype=np.float64)))
    edges = np.minimum(edges, len(sound))
    return np.diff(total[edges], axis=1) / np.maximum(np.diff(edges, axis=1), 1)


def _at_place(levels_db: np.ndarray, place: int) -> np.ndarray:
    """Return the mean level `(n,)` of beats that lie at one place of their clip."""
    found = [
        levels_db[n, (place + n) % BEATS_PER_CLIP :: BEATS_PER_CLIP]
        for n in range(BEATS_PER_CLIP)
    ]
    return _mean_of_rows(np.concatenate(found))


def _mean_of_rows(rows: np.ndarray) -> np.ndarray:
    """Return the mean of rows, of the numbers that there are."""
    known = np.isfinite(rows)
    count = known.sum(axis=0)
    total = np.where(known, rows, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean(values: np.ndarray) -> float:
    return float(_mean_of_rows(values[:, None])[0])
