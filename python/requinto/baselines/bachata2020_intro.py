# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pickup does to a system: the same bars, begun a beat earlier each time.

The thesis cuts its clips from the first beat of a song; a pickup that is no whole bar
shifts them all, its "intro issue".  So one stretch of regular bars is asked for again
and again, with none of the song's beats before it, with one, and so on, and scored
where it is the same each time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from requinto.baselines.bachata2020_first_beat import known_beats, question
from requinto.beats import Beats
from requinto.errors import BeatsError
from requinto.evaluation.items import Item
from requinto.evaluation.metrics import si_sdr
from requinto.evaluation.systems import System, Task

BEATS_PER_BAR = 4
PICKUPS = range(2 * BEATS_PER_BAR)
_MOST_BARS = 6  # that are scored
_LEAD_S = 0.05  # before the first beat
_LEAST_DB = -100.0  # what a silent answer counts as


class Begun(NamedTuple):
    """What a system gains over the mixture, in one item, by the pickup's beats."""

    system: str
    song: int
    instrument: str
    gains_db: np.ndarray  # (len(PICKUPS),)


def begun(item: Item, systems: Iterable[System]) -> Iterator[Begun]:
    """Yield what each system gains on regular bars of one item, where it sounds."""
    asked = question(item)
    first, last = regular_bars(known_beats(asked))
    if not with_pickup(asked, first, last, 0).truth.any():
        return
    tasks = [with_pickup(asked, first, last, n) for n in PICKUPS]
    n_frames = tasks[0].truth.shape[1] - round(_LEAD_S * asked.sample_rate)
    for system in systems:
        gains_db = np.array([_gain_db(system, task, n_frames) for task in tasks])
        yield Begun(system.name, item.meta["seed"], item.instrument, gains_db)


def regular_bars(beats: Beats) -> tuple[int, int]:
    """Return the beats where the longest run of whole bars begins and ends.

    There are enough beats before it for each pickup; six bars suffice.

    Raises
    ------
    BeatsError
        If there is no such bar.
    """
    bars = np.searchsorted(beats.times_s, beats.downbeats_s - 1e-6)
    runs = []
    for i, first in enumerate(bars.tolist()):
        lengths = np.diff(bars[i : i + _MOST_BARS + 1])
        n_bars = int(np.cumprod(lengths == BEATS_PER_BAR).sum())
        if n_bars and first >= PICKUPS[-1]:
            runs.append((n_bars, -first))
    if not runs:
        raise BeatsError(f"no whole bar comes after {PICKUPS[-1]} beats of the song")
    n_bars, first = max(runs)
    return -first, BEATS_PER_BAR * n_bars - first


def with_pickup(asked: Task, first: int, last: int, n_beats: int) -> Task:
    """Return beats `first` to `last` of a song as a song, after some before them."""
    beats = known_beats(asked)
    lead_s = beats.times_s[first - n_beats] - _LEAD_S
    start, end = (
        round(time_s * asked.sample_rate)
        for time_s in (max(lead_s, 0.0), beats.times_s[last])
    )
    kept = beats.times_s[first - n_beats : last] - start / asked.sample_rate
    bars = kept[n_beats % BEATS_PER_BAR :: BEATS_PER_BAR]
    return dataclasses.replace(
        asked,
        mixture=asked.mixture[:, start:end],
        truth=asked.truth[:, start:end],
        beats=Beats(kept, bars, beats.tempo_bpm),
    )


def _gain_db(system: System, task: Task, n_frames: int) -> float:
    """Return the gain in SI-SDR over the last frames of a task."""
    estimate = system.estimate(task)
    truth, mixture, answer = (
        sound[:, -n_frames:] for sound in (task.truth, task.mixture, estimate)
    )
    return max(si_sdr(truth, answer), _LEAST_DB) - si_sdr(truth, mixture)
