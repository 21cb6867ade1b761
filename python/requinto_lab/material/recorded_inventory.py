# SPDX-License-Identifier: GPL-3.0-or-later
"""What a folder of recorded songs holds: songs and hours of each package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from requinto_lab.material.recorded_library import RecordedLibrary, RecordedSong
from requinto_lab.material.recorded_songs import SAMPLE_RATE

SPLITS = ("train", "validation")
Inventory = dict[str, dict[str, dict[str, float]]]


def count(folder: Path) -> Inventory:
    """Return `songs` and `hours` by split and package; "all" sums a split."""
    inventory: Inventory = {}
    for split in SPLITS:
        if not any(folder.glob(f"{split}-*/song.json")):
            continue
        songs = RecordedLibrary(folder, split).songs
        by_package: dict[str, list[RecordedSong]] = {}
        for song in songs:
            by_package.setdefault(song.package, []).append(song)
        rows = {name: _sum_songs(some) for name, some in sorted(by_package.items())}
        inventory[split] = {**rows, "all": _sum_songs(songs)}
    return inventory


def _sum_songs(songs: list[RecordedSong]) -> dict[str, float]:
    hours = sum(song.n_frames for song in songs) / SAMPLE_RATE / 3600
    return {"songs": len(songs), "hours": round(hours, 3)}


def show(inventory: dict[str, Any], console: Console) -> None:
    """Print a table for each split."""
    for split, packages in inventory.items():
        table = Table(title=f"{split} split")
        table.add_column("package")
        for heading in ("songs", "hours"):
            table.add_column(heading, justify="right")
        for name, row in packages.items():
            table.add_row(name, str(row["songs"]), f"{row['hours']:.2f}")
        console.print(table)
