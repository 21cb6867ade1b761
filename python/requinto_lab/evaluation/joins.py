# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what the grid that clips lie on is worth, and whether joins can be found.

    python -m requinto_lab.evaluation.joins BENCH/bachata_songs

extracts the target of each song on several grids: its true bars, the bars that are
tracked, true beats without bars, bars one to three beats late, and even grids of 2 and
4 s; and, on its true bars, in clips of two beats and of one; and compares errors on the
same downbeats, where clips are joined and where not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import requinto
from requinto.beats import Beats
from requinto.clips import ClipFrames
from requinto.extract import extract
from requinto.loader import load_separator
from requinto.metrics import si_sdr
from requinto.model_folder import STANDARD
from requinto.song_separation import plan
from requinto_lab.evaluation.items import Item, read_items, true_beats
from requinto_lab.material.parallel import show_progress

_AROUND_S = 0.05  # on each side of a moment: as far as a join is faded
_EVEN_BPM = {"even, 2 s": 120.0, "even, 4 s": 60.0}
_SHORTER = {"true bars, 2 beats a clip": 2, "true bars, 1 beat a clip": 1}


class OnGrid(NamedTuple):
    """What one song's extraction on one grid was like."""

    grid: str
    gain_db: float  # in SI-SDR over the mixture
    # Energy of the error, relative to the target's, in dB, on downbeats where clips
    # are joined, on downbeats where they are not, and at joins whatever is there
    joined_db: float
    unjoined_db: float
    joins_db: float
    whole_db: float  # the same of the whole song


def grids(item: Item, mixture: np.ndarray, rate: int) -> dict[str, Beats]:
    """Return the beats that a song is cut at, by the name of the grid."""
    duration_s = mixture.shape[1] / rate
    true = true_beats(item.meta)
    times_s, bars_s, metre = true.times_s, true.downbeats_s, true.beats_per_bar
    index = np.searchsorted(times_s, bars_s - 1e-6)
    late = {
        f"{n} late": Beats(
            times_s, times_s[(index + n)[index + n < len(times_s)]], true.tempo_bpm
        )
        for n in range(1, metre)
    }
    return {
        "true bars": true,
        "tracked bars": requinto.beats(mixture, rate),
        "true beats alone": Beats(times_s, np.zeros(0), true.tempo_bpm, metre),
        **late,
        **{name: Beats.grid(bpm, duration_s) for name, bpm in _EVEN_BPM.items()},
    }


def on_grids(item: Item, model: str) -> Iterator[OnGrid]:
    """Yield what a song's extraction is like on each grid."""
    mixture, rate = item.read("mix")
    target, _ = item.read("target")
    reference, reference_rate = item.read("reference")
    config = load_separator(model).clips
    downbeats_s = np.array(item.meta["downbeats_s"])
    # A song's first clip is joined to nothing
    frames = np.round(downbeats_s[downbeats_s > _AROUND_S * 4] * rate).astype(int)
    before = si_sdr(target, mixture)
    every = grids(item, mixture, rate)
    every |= {name: every["true bars"] for name in _SHORTER}
    for name, beats in every.items():
        n_beats = _SHORTER.get(name, config.beats_per_clip)
        estimate = extract(
            mixture,
            rate,
            reference=reference,
            reference_sample_rate=reference_rate,
            beats=beats,
            beats_per_clip=n_beats,
            model=model,
        )
        sizes = ClipFrames.at(config.of_beats(n_beats), rate)
        clips = plan(mixture.shape[1], rate, beats, sizes)
        joins = np.array([clip.start for clip in clips[1:]])
        apart = np.abs(frames[:, None] - joins).min(axis=1)
        near = round(_AROUND_S * rate)
        at = (estimate - target, target, near)
        yield OnGrid(
            name,
            si_sdr(target, estimate) - before,
            _error_db(frames[apart < near // 2], *at),
            _error_db(frames[apart > 2 * near], *at),
            _error_db(joins, *at),
            10 * np.log10(np.sum((estimate - target) ** 2) / np.sum(target**2)),
        )


def _error_db(
    frames: np.ndarray, error: np.ndarray, target: np.ndarray, near: int
) -> float:
    """Return the energy of an error around frames over the target's, in dB."""
    spans = [slice(max(f - near, 0), f + near) for f in frames]
    wrong = sum(float(np.sum(error[:, span] ** 2)) for span in spans)
    right = sum(float(np.sum(target[:, span] ** 2)) for span in spans)
    return 10 * float(np.log10(wrong / right)) if wrong > 0 < right else float("nan")


def show(rows: list[OnGrid], console: Console) -> None:
    """Print the means over songs, grid by grid."""
    page = Table(title="clips on grids: means over songs, dB")
    for column in (
        *("grid", "gain", "against true bars", "± (standard error)"),
        *("error: downbeats joined", "downbeats not joined", "at joins", "whole song"),
    ):
        page.add_column(column)
    names = dict.fromkeys(row.grid for row in rows)
    gains = {name: [r.gain_db for r in rows if r.grid == name] for name in names}
    best = np.array(gains["true bars"])
    for name, gains_db in gains.items():
        some = [r for r in rows if r.grid == name]
        apart = np.array(gains_db) - best
        cells = [
            float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
            for values in (
                np.array([getattr(r, field) for r in some])
                for field in ("joined_db", "unjoined_db", "joins_db", "whole_db")
            )
        ]
        page.add_row(
            name,
            f"{np.mean(gains_db):.2f}",
            f"{apart.mean():+.2f}",
            f"{apart.std(ddof=1) / np.sqrt(len(apart)) if len(apart) > 1 else 0:.2f}",
            *("" if np.isnan(cell) else f"{cell:.2f}" for cell in cells),
        )
    console.print(page)


def main(
    folder: Annotated[Path, typer.Argument(help="Whole songs of a bench.")],
    model: Annotated[str, typer.Option(help="One of our models.")] = STANDARD,
) -> None:
    """Print what the grid that clips lie on is worth."""
    items = read_items(folder)
    rows = [
        row for item in show_progress(items, "Cutting") for row in on_grids(item, model)
    ]
    show(rows, Console())


if __name__ == "__main__":
    typer.run(main)
