# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a comparison: box plots, and what it sounds like at its ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from requinto.spectrograms import spectrograms
from requinto_files.figures import (
    new_figure,
    plain_style,
    save_figure,
)
from requinto_lab.evaluation.items import Item
from requinto_lab.evaluation.scoring import Score, read_task, run_system
from requinto_lab.evaluation.systems import System

_MAX_INSTRUMENTS = 8  # on one picture
_MAX_ABREAST = 4  # panels
_LEFT_EDGE_DB = -30.0


def draw(
    folder: Path,
    rows: list[Score],
    items: list[Item],
    ours: System,
    ideal: System,
) -> list[Path]:
    """Draw each set: box plots, and spectrograms of three of its items.

    The three are those on which our system gains most, in the middle and least;
    each is shown as mixture, truth, estimate and ideal mask.

    Returns
    -------
    list of Path
        The pictures.
    """
    paths = draw_boxes(folder, rows)
    by_name = {(i.set_name, i.name): i for i in items}
    for set_name, gains in _gaining(rows):
        for title, row in _ends([r for r in gains if r.system == ours.name]):
            path = folder / f"{set_name}-{title}.png"
            _quadruple(by_name[row.set_name, row.item], row, ours, ideal, path)
            paths.append(path)
    return paths


def draw_boxes(folder: Path, rows: list[Score]) -> list[Path]:
    """Draw box plots of each set's gains; return the pictures `SET-boxes.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for set_name, gains in _gaining(rows):
        path = folder / f"{set_name}-boxes.png"
        systems = list(dict.fromkeys(row.system for row in gains))
        label = f"{set_name}: gain in SI-SDR, dB"
        box_plots(_by_instrument(gains), systems, label, path)
        paths.append(path)
    return paths


@plain_style()
def box_plots(
    rows: Mapping[str, Mapping[str, Sequence[float]]],
    systems: Sequence[str],
    label: str,
    path: Path,
) -> None:
    """Draw a box plot of each system, one below the other, for each instrument.

    Parameters
    ----------
    rows : dict of str to dict
        Values in dB by instrument, then by system; those of less than -30 dB lie
        at the left edge, so that a few failures do not press all else together.
    systems : sequence of str
        From above downwards.
    label : str
        What the values are, and their unit.
    path : Path
        The picture; its ending names the kind (png, svg, pdf).

    Raises
    ------
    AudioFileError
        If the picture cannot be written.
    """
    n_lines = math.ceil(len(rows) / _MAX_ABREAST)
    n_abreast = math.ceil(len(rows) / n_lines)
    figure = new_figure(2 + 3 * n_abreast, n_lines * (1 + 0.22 * len(systems)))
    axes = figure.subplots(n_lines, n_abreast, sharex=True, sharey=True, squeeze=False)
    # Panels that no instrument is left for stay empty
    for axis in axes.flat[len(rows) :]:
        axis.set_axis_off()
    for axis, (instrument, by_system) in zip(axes.flat, rows.items(), strict=False):
        shown = [i for i, system in enumerate(systems) if system in by_system]
        axis.boxplot(
            [np.maximum(by_system[systems[i]], _LEFT_EDGE_DB) for i in shown],
            positions=shown,
            orientation="horizontal",
            widths=0.7,
            patch_artist=True,
            boxprops={"facecolor": "lightsteelblue"},
            flierprops={"markersize": 2},
            medianprops={"color": "black"},
        )
        axis.axvline(0, color="grey", linewidth=0.5)
        axis.grid(visible=True, axis="x", alpha=0.3)
        axis.set_yticks(range(len(systems)), systems)
        axis.set_ylim(len(systems) - 0.5, -0.5)
        axis.set_title(instrument, fontsize="medium")
    edge = f"{_LEFT_EDGE_DB:.0f} stands for less too"
    figure.supxlabel(f"{label}; {edge}", fontsize="medium")
    save_figure(figure, path)


def _gaining(rows: list[Score]) -> Iterator[tuple[str, list[Score]]]:
    """Yield sets and their gains, but the mix's, which are none by definition."""
    for set_name in dict.fromkeys(row.set_name for row in rows):
        gains = [
            r
            for r in rows
            if r.set_name == set_name
            and r.improvement is not None
            and r.system != "mix"
        ]
        if gains:
            yield set_name, gains


def _by_instrument(rows: list[Score]) -> dict[str, dict[str, list[float]]]:
    boxes: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        assert row.improvement is not None
        by_system = boxes.setdefault(row.instrument, {})
        by_system.setdefault(row.system, []).append(row.improvement)
    if len(boxes) <= _MAX_INSTRUMENTS:
        return dict(sorted(boxes.items()))
    together: dict[str, list[float]] = {}
    for by_system in boxes.values():
        for system, values in by_system.items():
            together.setdefault(system, []).extend(values)
    return {"all instruments": together}


def _ends(rows: list[Score]) -> list[tuple[str, Score]]:
    ordered = sorted(rows, key=lambda row: row.improvement or 0.0)
    if not ordered:
        return []
    middle = ordered[len(ordered) // 2]
    return [("worst", ordered[0]), ("median", middle), ("best", ordered[-1])]


def _quadruple(item: Item, row: Score, ours: System, ideal: System, path: Path) -> None:
    task = read_task(item)
    title = f"{item.name}: {row.instrument}, gain {row.improvement:.1f} dB"
    spectrograms(
        {
            f"{title}; mixture": task.mixture,
            "truth": task.truth,
            ours.name: run_system(ours, task)[0],
            ideal.name: run_system(ideal, task)[0],
        },
        task.sample_rate,
        path,
    )
