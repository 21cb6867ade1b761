# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a comparison: box plots, and what it sounds like at its ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from requinto.stft import levels_db
from requinto_files.figures import spectrograms
from requinto_lab.evaluation.items import Item
from requinto_lab.evaluation.pictures import box_plots
from requinto_lab.evaluation.scoring import Score, answered, read_task
from requinto_lab.evaluation.systems import System

_MOST_INSTRUMENTS = 8  # on one picture


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
    drawn = draw_boxes(folder, rows)
    places = {(i.set_name, i.name): i for i in items}
    for set_name, found in _gaining(rows):
        for title, row in _ends([r for r in found if r.system == ours.name]):
            path = folder / f"{set_name}-{title}.png"
            _quadruple(places[row.set_name, row.item], row, ours, ideal, path)
            drawn.append(path)
    return drawn


def draw_boxes(folder: Path, rows: list[Score]) -> list[Path]:
    """Draw box plots of each set's gains; return the pictures `SET-boxes.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for set_name, found in _gaining(rows):
        path = folder / f"{set_name}-boxes.png"
        systems = list(dict.fromkeys(row.system for row in found))
        label = f"{set_name}: gain in SI-SDR, dB"
        box_plots(_by_instrument(found), systems, label, path)
        drawn.append(path)
    return drawn


def _gaining(rows: list[Score]) -> Iterator[tuple[str, list[Score]]]:
    """Yield sets and their gains, but the mix's, which are none by definition."""
    for set_name in dict.fromkeys(row.set_name for row in rows):
        found = [
            r
            for r in rows
            if r.set_name == set_name
            and r.improvement is not None
            and r.system != "mix"
        ]
        if found:
            yield set_name, found


def _by_instrument(rows: list[Score]) -> dict[str, dict[str, list[float]]]:
    boxes: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        assert row.improvement is not None
        by_system = boxes.setdefault(row.instrument, {})
        by_system.setdefault(row.system, []).append(row.improvement)
    if len(boxes) <= _MOST_INSTRUMENTS:
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
            ours.name: answered(ours, task)[0],
            ideal.name: answered(ideal, task)[0],
        },
        task.sample_rate,
        path,
        levels_db,
    )
