# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the two open issues of the 2020 thesis, in its system and in ours.

    python -m requinto_lab.systems.bachata2020_seams BENCH/bachata_songs -o FOLDER

Its clips begin louder than they go on, and a pickup shifts all of them.  Both were
heard, not measured.  Where `evaluation/joins.py` compares grids that our models can
be cut at, this compares systems at the places of their clips.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from scipy import stats

from requinto_files.figures import new_figure, plain_style, save_figure
from requinto_lab.evaluation.items import read_items
from requinto_lab.evaluation.systems import Requinto
from requinto_lab.material.parallel import show_progress
from requinto_lab.systems import study
from requinto_lab.systems.bachata2020 import Bachata2020
from requinto_lab.systems.bachata2020_first_beat import (
    BEATS_PER_CLIP,
    BIN_S,
    N_BINS,
    N_NEAR,
    PARTS,
    Excess,
    excesses,
)
from requinto_lab.systems.bachata2020_intro import BEATS_PER_BAR, PICKUPS, Begun, begun
from requinto_lab.systems.study import Cell, Study

_COMMAND = "python -m requinto_lab.systems.bachata2020_seams {} -o {}"
_NEAR_MS = round(1000 * N_NEAR * BIN_S)
_ALL = "all"
_GAINS = {"gains_db": "SI-SDR", "drawn_db": "the spectrogram"}  # of `Begun`

Interval = tuple[float, float]  # mean, and half of its 95 % interval, nan if unknown
_UNKNOWN = (math.nan, math.nan)


def interval(values: Iterable[float], songs: Iterable[int]) -> Interval:
    """Return the mean over songs of a value of items, and its 95 % margin.

    Items of one song are no independent evidence: its mean counts once.
    """
    by_song: dict[int, list[float]] = {}
    for value, song in zip(values, songs, strict=True):
        if math.isfinite(value):
            by_song.setdefault(song, []).append(value)
    means = [float(np.mean(found)) for found in by_song.values()]
    if len(means) < 2:
        return (means[0] if means else math.nan), math.nan
    error = float(np.std(means, ddof=1)) / math.sqrt(len(means))
    return float(np.mean(means)), float(stats.t.ppf(0.975, len(means) - 1)) * error


def first_beat_study(rows: Sequence[Excess], folder: Path, command: str) -> Study:
    """Draw and tell how loud estimates are by their place in the clip."""
    file = "bachata2020-first-beat.png"
    _draw_places(rows, folder / file)
    measures: tuple[Callable[[Excess], float], ...] = (
        lambda row: row.first_beat_db,
        lambda row: row.after_db,
        lambda row: row.before_db,
    )
    table: list[tuple[Cell, ...]] = []
    told = []
    for system in _systems(rows):
        for instrument in (_ALL, *sorted({row.instrument for row in rows})):
            some = [
                row
                for row in rows
                if row.system == system and instrument in (_ALL, row.instrument)
            ]
            songs = [row.song for row in some]
            found = [interval(map(measure, some), songs) for measure in measures]
            table.append((system, instrument, *_cells(found)))
            if instrument == _ALL:
                first, after, before = map(_decibels, found)
                told.append(
                    f"{system}: {first} on the first beat, {after} in a clip's first "
                    f"{_NEAR_MS} ms, {before} in its last"
                )
    n_songs = len({row.song for row in rows})
    return Study(
        name="bachata2020-first-beat",
        title="The louder first beat of the thesis' clips",
        command=command,
        finding=(
            "The thesis heard the beats at the edges of clips come out stronger, and "
            "left it open. Every beat is extracted at each place of a clip, and what "
            "its level does beyond the truth's is the place's doing: the first beat is "
            "compared with the other three, and moments where clips meet with the same "
            f"moments inside a clip ({n_songs} songs, 95 % intervals over songs). "
            f"{'; '.join(told)}."
        ),
        columns=(
            *("system", "instrument", "first beat above the others, dB", "± 95 %"),
            *(f"first {_NEAR_MS} ms of a clip, dB", "± 95 %"),
            *(f"last {_NEAR_MS} ms of a clip, dB", "± 95 %"),
        ),
        rows=tuple(table),
        pictures=((file, "Level beyond the truth's by the place in the clip"),),
    )


def intro_study(rows: Sequence[Begun], folder: Path, command: str) -> Study:
    """Draw and tell what gains do as the pickup grows."""
    file = "bachata2020-intro.png"
    _draw_pickups(rows, folder / file)
    table: list[tuple[Cell, ...]] = []
    told: list[list[str]] = [[] for _ in _GAINS]
    for system in _systems(rows):
        some = [row for row in rows if row.system == system]
        measured = [_by_remainder(some, name) for name in _GAINS]
        for sentences, (gains, above) in zip(told, measured, strict=True):
            sentences.append(
                f"{system}: {gains[0][0]:.1f} dB after whole bars, and with 1, 2 "
                f"and 3 beats more {', '.join(map(_decibels, above[1:]))}"
            )
        for n in range(BEATS_PER_BAR):
            found = [intervals[n] for both in measured for intervals in both]
            table.append((system, str(n), *_cells(found)))
    n_songs = len({row.song for row in rows})
    return Study(
        name="bachata2020-intro",
        title="The intro issue: a pickup shifts the thesis' clips",
        command=command,
        finding=(
            "The thesis blames its poor songs on intros that are no whole number of "
            "clips. The same bars are asked for after 0 to 7 of the beats before them, "
            "and scored alone; the thesis' system is told the true beats, ours finds "
            f"its own ({n_songs} songs, 95 % intervals over songs). Mean gain over the "
            f"mixture in SI-SDR: {'; '.join(told[0])}. A vocoder's phases are "
            "its own and cost SI-SDR whatever the network drew; so here is the gain in "
            "the mean square error of the logarithmic spectrogram, which it is trained "
            f"to draw: {'; '.join(told[1])}."
        ),
        columns=(
            *("system", "beats beyond whole bars", "gain in SI-SDR, dB", "± 95 %"),
            *("above that after whole bars, dB", "± 95 %"),
            *("gain in the spectrogram, dB", "± 95 %"),
            *("above that after whole bars, dB", "± 95 %"),
        ),
        rows=tuple(table),
        pictures=((file, "Gain by the length of the pickup, beside its own mean"),),
    )


def _by_remainder(
    rows: Sequence[Begun], measure: str
) -> tuple[list[Interval], list[Interval]]:
    """Return gains by the beats beyond whole bars, and how far above that of none."""
    gains = np.stack([getattr(row, measure) for row in rows])
    gains = gains.reshape(len(rows), -1, BEATS_PER_BAR).mean(axis=1)
    songs = [row.song for row in rows]
    above = [interval(column, songs) for column in (gains - gains[:, :1]).T[1:]]
    return [interval(column, songs) for column in gains.T], [_UNKNOWN, *above]


def _systems(rows: Sequence[Excess] | Sequence[Begun]) -> list[str]:
    return list(dict.fromkeys(row.system for row in rows))


def _cells(found: Iterable[Interval]) -> tuple[Cell, ...]:
    return tuple(
        value if math.isfinite(value) else None for both in found for value in both
    )


def _decibels(found: Interval) -> str:
    mean, margin = found
    told = f"{round(mean, 1) + 0.0:+.1f}"  # there is no -0.0
    return f"{told} ± {margin:.1f} dB" if math.isfinite(margin) else f"{told} dB"


@plain_style()
def _draw_places(rows: Sequence[Excess], place: Path) -> None:
    page = new_figure(13, 5)
    left, right = page.subplots(1, 2)
    beats = 1 + (np.arange(BEATS_PER_CLIP * PARTS) + 0.5) / PARTS
    times_ms = (np.arange(N_BINS) + 0.5 - N_BINS // 2) * BIN_S * 1000
    for i, system in enumerate(_systems(rows)):
        some = [row for row in rows if row.system == system]
        songs = [row.song for row in some]
        for axis, where, values in (
            (left, beats, np.stack([row.parts_db for row in some])),
            (right, times_ms, np.stack([row.around_db for row in some])),
        ):
            found = np.array([interval(column, songs) for column in values.T])
            mean, margin = found.T
            axis.plot(where, mean, color=f"C{i}", marker=".", label=system)
            low, high = mean - margin, mean + margin
            axis.fill_between(where, low, high, color=f"C{i}", alpha=0.15)
    left.set_xlabel("beat of the clip")
    left.set_ylabel("level beyond the truth's, against other places, dB")
    left.set_xticks(range(1, BEATS_PER_CLIP + 2))
    right.set_xlabel("milliseconds after a clip's beginning")
    right.set_ylabel("against the same moment inside a clip, dB")
    right.axvline(0, color="grey", linewidth=0.8)
    for axis in (left, right):
        axis.axhline(0, color="grey", linewidth=0.8)
        axis.grid(visible=True, alpha=0.2)
    left.legend()
    save_figure(page, place)


@plain_style()
def _draw_pickups(rows: Sequence[Begun], place: Path) -> None:
    page = new_figure(11, 5)
    axes = page.subplots(1, 2)
    for axis, (measure, of) in zip(axes, _GAINS.items(), strict=True):
        for i, system in enumerate(_systems(rows)):
            some = [row for row in rows if row.system == system]
            songs = [row.song for row in some]
            gains = np.stack([getattr(row, measure) for row in some])
            beside = gains - gains.mean(axis=1, keepdims=True)
            mean, margin = np.array([interval(column, songs) for column in beside.T]).T
            axis.errorbar(
                np.array(PICKUPS) + 0.08 * (i - 1),
                mean,
                margin,
                color=f"C{i}",
                marker="o",
                capsize=3,
                label=f"{system} (mean {gains.mean():.1f} dB)",
            )
        axis.set_xlabel("beats before the first bar that is scored")
        axis.set_ylabel(f"gain in {of} beside each item's mean, dB")
        axis.grid(visible=True, alpha=0.2)
        axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), fontsize="small")
    save_figure(page, place)


def main(
    songs: Annotated[Path, typer.Argument(help="Whole songs of a bench.")],
    output: Annotated[Path, typer.Option("-o", help="Folder for what is found.")],
) -> None:
    """Measure joins and pickups, and write a study of each."""
    items = read_items(songs)
    command = _COMMAND.format(f"{songs.parent.name}/{songs.name}", output.name)
    thesis = [Bachata2020(), Bachata2020(unstretch="mask")]
    output.mkdir(parents=True, exist_ok=True)
    console = Console()
    places = [
        row
        for item in show_progress(items, "Cutting")
        for row in excesses(item, [*thesis, Requinto(given_beats=True)])
    ]
    study.write(output, found := first_beat_study(places, output, command))
    study.show(found, console)
    pickups = [
        row
        for item in show_progress(items, "Beginning")
        for row in begun(item, [*thesis, Requinto()])
    ]
    study.write(output, found := intro_study(pickups, output, command))
    study.show(found, console)


if __name__ == "__main__":
    typer.run(main)
