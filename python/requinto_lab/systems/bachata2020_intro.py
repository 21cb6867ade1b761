# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pickup does to a system: the same bars, begun a beat earlier each time.

The thesis cuts its clips from the first beat of a song; a pickup that is no whole bar
shifts them all, its "intro issue".  So one stretch of regular bars is asked for again
and again, with none of the song's beats before it, with one, and so on, and scored
where it is the same each time: as sound, and as the picture that the thesis' network
was trained to draw, since a vocoder's phases cost SI-SDR however good that is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import librosa
import numpy as np

from requinto.beats import Beats
from requinto.errors import BeatsError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.items import Item
from requinto_lab.evaluation.systems import System, Task
from requinto_lab.systems.bachata2020 import Bachata2020Config, compressed
from requinto_lab.systems.bachata2020_first_beat import known_beats, narrow, question

BEATS_PER_BAR = 4
PICKUPS = range(2 * BEATS_PER_BAR)
_MOST_BARS = 6  # that are scored
_LEAD_S = 0.05  # before the first beat
_LEAST_DB = -100.0  # what a silent answer counts as
_LEAST_ERROR = 1e-12  # of a picture, which is about 1 where music is loud


class Begun(NamedTuple):
    """What a system gains over the mixture, in one item, by the pickup's beats."""

    system: str
    song: int
    instrument: str
    gains_db: np.ndarray  # (len(PICKUPS),), in SI-SDR
    drawn_db: np.ndarray  # (len(PICKUPS),), of the error in the logarithmic picture


def begun(item: Item, systems: Iterable[System]) -> Iterator[Begun]:
    """Yield what each system gains on regular bars of one item, where it sounds."""
    asked = question(item)
    first, last = regular_bars(known_beats(asked))
    if not with_pickup(asked, first, last, 0).truth.any():
        return
    tasks = [with_pickup(asked, first, last, n) for n in PICKUPS]
    n_frames = tasks[0].truth.shape[1] - round(_LEAD_S * asked.sample_rate)
    for system in systems:
        gains = [_gains(system, task, n_frames) for task in tasks]
        gains_db, drawn_db = np.array(gains).T
        yield Begun(system.name, item.meta["seed"], item.instrument, gains_db, drawn_db)


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


def _gains(system: System, task: Task, n_frames: int) -> tuple[float, float]:
    """Return the gains over the mixture in the last frames of a task, in dB.

    The first is in SI-SDR, the second in the mean square error of the picture.
    """
    estimate = system.estimate(task)
    truth, mixture, answer = (
        sound[:, -n_frames:] for sound in (task.truth, task.mixture, estimate)
    )
    gain_db = max(si_sdr(truth, answer), _LEAST_DB) - si_sdr(truth, mixture)
    wanted, untouched, drawn = (
        picture(sound, task.sample_rate) for sound in (truth, mixture, answer)
    )
    errors = [np.mean((wanted - found) ** 2) for found in (untouched, drawn)]
    untouched_db, drawn_db = 10 * np.log10(np.maximum(errors, _LEAST_ERROR))
    return gain_db, float(untouched_db - drawn_db)


def picture(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return the spectrogram `(n_bins, n_columns)` that the thesis' network draws."""
    model = Bachata2020Config()
    heard = narrow(audio, sample_rate)
    return compressed(librosa.stft(heard, n_fft=model.n_fft, hop_length=model.hop))
