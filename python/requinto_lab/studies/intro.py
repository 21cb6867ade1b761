# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pickup does to a system: the same bars, begun a beat earlier each time.

The 2020 thesis cuts its clips from the first beat of a song; a pickup that is no whole
bar shifts them all, its "intro issue".  So one stretch of regular bars is separated
again and again, with none of the song's beats before it, with one, and so on, and
scored where it is the same each time: as sound, and as the picture that the thesis'
network was trained for, since a vocoder's phases cost SI-SDR however good that is.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import librosa
import numpy as np

from requinto.beats import Beats
from requinto.errors import BeatsError
from requinto.metrics import si_sdr
from requinto_lab.evaluation.items import Item, read_items
from requinto_lab.evaluation.systems import Requinto, System, Task
from requinto_lab.material.parallel import show_progress
from requinto_lab.studies import Options, Picture, Result, Study
from requinto_lab.studies.first_beat import (
    RATE,
    THESIS,
    Interval,
    cells,
    columns,
    interval,
    known_beats,
    read_known,
    system_names,
)
from requinto_lab.studies.plots import Curve, Panel, Panels
from requinto_lab.systems.bachata2020 import Bachata2020Config, compress, to_mono

BEATS_PER_BAR = 4
PICKUPS = range(2 * BEATS_PER_BAR)
_MAX_BARS = 6  # that are scored
_LEAD_S = 0.05  # before the first beat
_SILENT_DB = -100.0  # what a silent estimate counts as
_MIN_ERROR = 1e-12  # of a picture, which is about 1 where music is loud
_GAINS = {"gains_db": "SI-SDR", "picture_db": "the spectrogram"}


class PickupGain(NamedTuple):
    """What a system gains over the mixture, in one item, by the pickup's beats."""

    system: str
    song: int
    instrument: str
    gains_db: np.ndarray  # (len(PICKUPS),), in SI-SDR
    picture_db: np.ndarray  # (len(PICKUPS),), of the error in the logarithmic picture


def pickup_gains(item: Item, systems: Iterable[System]) -> Iterator[PickupGain]:
    """Yield what each system gains on regular bars of one item, where it sounds."""
    task = read_known(item)
    first, last = regular_bars(known_beats(task))
    if not with_pickup(task, first, last, 0).truth.any():
        return
    tasks = [with_pickup(task, first, last, n) for n in PICKUPS]
    n_frames = tasks[0].truth.shape[1] - round(_LEAD_S * task.sample_rate)
    for system in systems:
        gains = np.array([_gains(system, one, n_frames) for one in tasks])
        yield PickupGain(system.name, item.meta["seed"], item.instrument, *gains.T)


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
        lengths = np.diff(bars[i : i + _MAX_BARS + 1])
        n_bars = int(np.cumprod(lengths == BEATS_PER_BAR).sum())
        if n_bars and first >= PICKUPS[-1]:
            runs.append((n_bars, -first))
    if not runs:
        raise BeatsError(f"no whole bar comes after {PICKUPS[-1]} beats of the song")
    n_bars, first = max(runs)
    return -first, BEATS_PER_BAR * n_bars - first


def with_pickup(task: Task, first: int, last: int, n_beats: int) -> Task:
    """Return beats `first` to `last` of a song as a song, after some before them."""
    beats = known_beats(task)
    lead_s = beats.times_s[first - n_beats] - _LEAD_S
    start, end = (
        round(time_s * task.sample_rate)
        for time_s in (max(lead_s, 0.0), beats.times_s[last])
    )
    kept = beats.times_s[first - n_beats : last] - start / task.sample_rate
    bars = kept[n_beats % BEATS_PER_BAR :: BEATS_PER_BAR]
    return dataclasses.replace(
        task,
        mixture=task.mixture[:, start:end],
        truth=task.truth[:, start:end],
        beats=Beats(kept, bars, beats.tempo_bpm),
    )


def _gains(system: System, task: Task, n_frames: int) -> tuple[float, float]:
    """Return the gains over the mixture in the last frames of a task, in dB.

    The first is in SI-SDR, the second in the mean square error of the picture.
    """
    estimate = system.estimate(task)
    truth, mixture, extracted = (
        samples[:, -n_frames:] for samples in (task.truth, task.mixture, estimate)
    )
    gain_db = max(si_sdr(truth, extracted), _SILENT_DB) - si_sdr(truth, mixture)
    target, *others = (
        picture(samples, task.sample_rate) for samples in (truth, mixture, extracted)
    )
    errors = [np.mean((target - other) ** 2) for other in others]
    before_db, after_db = 10 * np.log10(np.maximum(errors, _MIN_ERROR))
    return gain_db, float(before_db - after_db)


def picture(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return the thesis' logarithmic spectrogram, `(n_bins, n_columns)`."""
    model = Bachata2020Config()
    wave = to_mono(audio, sample_rate, RATE)
    return compress(librosa.stft(wave, n_fft=model.n_fft, hop_length=model.hop))


def _measure(variants: Mapping[str, Callable[[], System]], options: Options) -> Result:
    systems = [make() for make in variants.values()]
    items = show_progress(read_items(options.material), "Separating")
    return report([row for item in items for row in pickup_gains(item, systems)])


def report(rows: Sequence[PickupGain]) -> Result:
    """Return what gains do as the pickup grows."""
    table = []
    for system in system_names(rows):
        some = [row for row in rows if row.system == system]
        measured = [_by_remainder(some, name) for name in _GAINS]
        for n in range(BEATS_PER_BAR):
            intervals = [column[n] for both in measured for column in both]
            table.append((system, str(n), *cells(intervals)))
    return Result(
        (
            *("system", "beats beyond whole bars", "gain in SI-SDR, dB", "± 95 %"),
            *("above that after whole bars, dB", "± 95 %"),
            *("gain in the spectrogram, dB", "± 95 %"),
            *("above that after whole bars, dB", "± 95 %"),
        ),
        tuple(table),
        (
            Picture(
                *("", "Gain by the length of the pickup, beside its own mean"),
                Panels(
                    [_gains_panel(rows, *gain) for gain in _GAINS.items()],
                    size=(11, 5),
                    legend_each=True,
                ),
            ),
        ),
        {"songs": len({row.song for row in rows})},
    )


def _by_remainder(
    rows: Sequence[PickupGain], measure: str
) -> tuple[list[Interval], list[Interval]]:
    """Return gains by the beats beyond whole bars, and how far above that of none."""
    gains = np.stack([getattr(row, measure) for row in rows])
    gains = gains.reshape(len(rows), -1, BEATS_PER_BAR).mean(axis=1)
    songs = [row.song for row in rows]
    above = [interval(column, songs) for column in (gains - gains[:, :1]).T[1:]]
    return [interval(column, songs) for column in gains.T], [
        (math.nan, math.nan),
        *above,
    ]


def _gains_panel(rows: Sequence[PickupGain], measure: str, of: str) -> Panel:
    curves = []
    for i, system in enumerate(system_names(rows)):
        some = [row for row in rows if row.system == system]
        gains = np.stack([getattr(row, measure) for row in some])
        beside = gains - gains.mean(axis=1, keepdims=True)
        x = np.array(PICKUPS) + 0.08 * (i - 1)
        label = f"{system} (mean {gains.mean():.1f} dB)"
        mean, margin = columns(beside, [row.song for row in some])
        curves.append(Curve(label, x, mean, margin, "bars"))
    return Panel(
        curves,
        "beats before the first bar that is scored",
        f"gain in {of} beside each item's mean, dB",
    )


STUDY = Study(
    name="bachata2020-intro",
    title="The intro issue: a pickup shifts the thesis' clips",
    material="bench/bachata_songs",
    variants={**THESIS, "requinto": Requinto},
    defaults={},
    measure=_measure,
)
