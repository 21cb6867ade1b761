# SPDX-License-Identifier: GPL-3.0-or-later
"""How loud an estimate is by its position in the clip, beside the truth.

The clips of the 2020 thesis begin louder than they go on.  Each song is cut into clips
of four beats four times, from its first beat and from the three after it, so that every
beat is at each position of a clip: what the music does there cancels out, and only the
position is left.  Where `evaluation/joins.py` compares grids that our models can be cut
at, this compares systems at the edges of their clips.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from requinto.beats import Beats
from requinto.errors import BeatsError
from requinto_lab.evaluation.items import Item, read_items
from requinto_lab.evaluation.scoring import read_task
from requinto_lab.evaluation.systems import Requinto, System, Task
from requinto_lab.material.parallel import show_progress
from requinto_lab.studies import Cell, Options, Picture, Result, Study
from requinto_lab.studies.plots import Curve, Panel, Panels
from requinto_lab.systems.bachata2020 import Bachata2020, to_mono

RATE = 11025  # Hz: the thesis'
BEATS_PER_CLIP = 4
PARTS = 4  # of a beat
BIN_S = 0.01
N_BINS = 30  # around a clip's beginning, half of them before it
N_NEAR = 5  # bins on a side of a clip's beginning
_SOUNDING = 1e-3  # of the target's mean power: below it no level is compared
_MIN_POWER = 1e-9  # of full scale's

Interval = tuple[float, float]  # mean, and half of its 95 % interval, nan if unknown

# Items and intervals


def read_known(item: Item) -> Task:
    """Return an item's task with its true beats."""
    times_s, bars_s = (np.array(item.meta[n]) for n in ("beats_s", "downbeats_s"))
    beats = Beats(times_s, bars_s, item.meta["tempo_bpm"])
    return dataclasses.replace(read_task(item), beats=beats)


def known_beats(task: Task) -> Beats:
    """Return the beats of a task, or raise `BeatsError` if it gives none."""
    if task.beats is None:
        raise BeatsError("where clips begin is measured with beats that are known")
    return task.beats


def interval(values: Iterable[float], songs: Iterable[int]) -> Interval:
    """Return the mean over songs of a value of items, and its 95 % margin.

    Items of one song are no independent evidence: its mean counts once.
    """
    by_song: dict[int, list[float]] = {}
    for value, song in zip(values, songs, strict=True):
        if math.isfinite(value):
            by_song.setdefault(song, []).append(value)
    means = [float(np.mean(some)) for some in by_song.values()]
    if len(means) < 2:
        return (means[0] if means else math.nan), math.nan
    error = float(np.std(means, ddof=1)) / math.sqrt(len(means))
    return float(np.mean(means)), float(stats.t.ppf(0.975, len(means) - 1)) * error


def cells(intervals: Iterable[Interval]) -> tuple[Cell, ...]:
    """Return intervals as cells of a table."""
    return tuple(x if math.isfinite(x) else None for pair in intervals for x in pair)


def columns(values: np.ndarray, songs: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return means and margins `(n,)` of values `(n_items, n)`."""
    mean, margin = np.array([interval(column, songs) for column in values.T]).T
    return mean, margin


def system_names(rows: Sequence[Any]) -> list[str]:
    """Return the names of the systems of rows, each once."""
    return list(dict.fromkeys(row.system for row in rows))


# What is measured


class Excess(NamedTuple):
    """How much louder a system is at positions of its clips than elsewhere.

    All is of one item, relative to the truth, in dB; the truth itself has 0 everywhere.
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
    """Yield what each system does at the positions of its clips in one item."""
    task = read_known(item)
    ruler = Ruler(task)
    for system in systems:
        estimates = [
            system.estimate(start_late(task, n)) for n in range(BEATS_PER_CLIP)
        ]
        parts, around = ruler.compare(estimates)
        yield Excess(system.name, item.meta["seed"], item.instrument, parts, around)


def start_late(task: Task, n_beats: int) -> Task:
    """Return the same task, to be cut into clips from so many beats later."""
    beats = known_beats(task)
    times_s = beats.times_s[n_beats:]
    beats = Beats(times_s, times_s[::BEATS_PER_CLIP], beats.tempo_bpm)
    return dataclasses.replace(task, beats=beats)


class Ruler:
    """Where the beats of a song are, and how loud its target is there.

    Parameters
    ----------
    task : Task
        With beats.
    """

    def __init__(self, task: Task) -> None:
        self._rate = task.sample_rate
        self._truth = to_mono(task.truth, self._rate, RATE)
        times_s = known_beats(task).times_s
        starts_s, lengths_s = times_s[:-1, None], np.diff(times_s)[:, None]
        parts = np.arange(PARTS + 1) / PARTS
        bins_s = (np.arange(N_BINS + 1) - N_BINS // 2) * BIN_S
        self._parts = _frames(starts_s + parts * lengths_s)
        self._bins = _frames(starts_s + bins_s)

    def compare(self, estimates: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return `parts_db` and `around_db` of estimates on grids each a beat later."""
        waves = [to_mono(estimate, self._rate, RATE) for estimate in estimates]
        parts_db = self._levels_db(waves, self._parts)
        bins_db = self._levels_db(waves, self._bins)
        parts = [_at_position(parts_db, n) for n in range(BEATS_PER_CLIP)]
        # Above the mean of all grids, so less above that of the others
        others = BEATS_PER_CLIP / (BEATS_PER_CLIP - 1)
        return np.concatenate(parts), others * _at_position(bins_db, 0)

    def _levels_db(self, waves: list[np.ndarray], edges: np.ndarray) -> np.ndarray:
        """Return levels over the truth's, `(n_grids, n_beats, n)`, less their mean.

        The mean is over grids: what the music does on a beat is the same on each.
        Where the truth is quiet, or not all grids have clips, there is nan.
        """
        true = _power(self._truth, edges)
        powers = np.stack([_power(wave, edges) for wave in waves])
        levels_db = 10 * np.log10((powers + _MIN_POWER) / (true + _MIN_POWER))
        levels_db[:, true < _SOUNDING * np.mean(self._truth**2)] = np.nan
        levels_db[:, :BEATS_PER_CLIP] = np.nan
        return levels_db - levels_db.mean(axis=0)


def _frames(times_s: np.ndarray) -> np.ndarray:
    return np.maximum(np.round(times_s * RATE).astype(int), 0)


def _power(wave: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return mean squares between edges `(n_beats, n + 1)`, as `(n_beats, n)`."""
    total = np.append(0, np.cumsum(np.square(wave, dtype=np.float64)))
    edges = np.minimum(edges, len(wave))
    return np.diff(total[edges], axis=1) / np.maximum(np.diff(edges, axis=1), 1)


def _at_position(levels_db: np.ndarray, position: int) -> np.ndarray:
    """Return the mean level `(n,)` of beats that lie at one position of their clip."""
    rows = [
        levels_db[n, (position + n) % BEATS_PER_CLIP :: BEATS_PER_CLIP]
        for n in range(BEATS_PER_CLIP)
    ]
    return _mean_of_rows(np.concatenate(rows))


def _mean_of_rows(rows: np.ndarray) -> np.ndarray:
    """Return the mean of rows, of the numbers that there are."""
    known = np.isfinite(rows)
    count = known.sum(axis=0)
    total = np.where(known, rows, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean(values: np.ndarray) -> float:
    return float(_mean_of_rows(values[:, None])[0])


def _measure(variants: Mapping[str, Callable[[], System]], options: Options) -> Result:
    systems = [make() for make in variants.values()]
    items = show_progress(read_items(options.material), "Cutting")
    return report([row for item in items for row in excesses(item, systems)])


def report(rows: Sequence[Excess]) -> Result:
    """Return how loud estimates are by their position in the clip."""
    table = []
    for system in system_names(rows):
        for instrument in ("all", *sorted({row.instrument for row in rows})):
            some = [
                row
                for row in rows
                if row.system == system and instrument in ("all", row.instrument)
            ]
            songs = [row.song for row in some]
            intervals = [
                interval([getattr(row, name) for row in some], songs)
                for name in ("first_beat_db", "after_db", "before_db")
            ]
            table.append((system, instrument, *cells(intervals)))
    near_ms = round(1000 * N_NEAR * BIN_S)
    return Result(
        (
            *("system", "instrument", "first beat above the others, dB", "± 95 %"),
            *(f"first {near_ms} ms of a clip, dB", "± 95 %"),
            *(f"last {near_ms} ms of a clip, dB", "± 95 %"),
        ),
        tuple(table),
        (
            Picture(
                "", "Level beyond the truth's by the place in the clip", _levels(rows)
            ),
        ),
        {"songs": len({row.song for row in rows})},
    )


def _levels(rows: Sequence[Excess]) -> Panels:
    beats = 1 + (np.arange(BEATS_PER_CLIP * PARTS) + 0.5) / PARTS
    times_ms = (np.arange(N_BINS) + 0.5 - N_BINS // 2) * BIN_S * 1000
    of_clip: list[Curve] = []
    around: list[Curve] = []
    for system in system_names(rows):
        some = [row for row in rows if row.system == system]
        songs = [row.song for row in some]
        for curves, x, values in (
            (of_clip, beats, [row.parts_db for row in some]),
            (around, times_ms, [row.around_db for row in some]),
        ):
            curves.append(Curve(system, x, *columns(np.stack(values), songs), "band"))
    return Panels(
        [
            Panel(
                of_clip,
                *("beat of the clip", "level beyond the truth's, against others, dB"),
                zero=True,
                ticks=range(1, BEATS_PER_CLIP + 2),
            ),
            Panel(
                around,
                "milliseconds after a clip's beginning",
                "against the same moment inside a clip, dB",
                zero=True,
                mark=0,
            ),
        ],
        size=(13, 5),
    )


THESIS: dict[str, Callable[[], System]] = {
    "bachata2020": Bachata2020,
    "bachata2020 (mask)": lambda: Bachata2020(unstretch="mask"),
}
STUDY = Study(
    name="bachata2020-first-beat",
    title="The louder first beat of the thesis' clips",
    material="bench/bachata_songs",
    variants={**THESIS, "requinto": lambda: Requinto(given_beats=True)},
    defaults={},
    measure=_measure,
)
