# SPDX-License-Identifier: GPL-3.0-or-later
"""What a library holds: hours and timbres by instrument, or songs by package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from requinto_lab.material import splits
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.recorded_library import RecordedLibrary, RecordedSong
from requinto_lab.material.soundfonts import SAMPLE_RATE

Rows = dict[str, dict[str, float]]


def count_stems(folder: Path) -> dict[str, Any]:
    """Return what a library of loops and songs holds, ready for JSON.

    `splits` gives, by split and instrument, `hours` of stems and the numbers of
    `stems`, `timbres` and `families`; `bytes` is what all of it takes on disk.
    """
    by_split = {}
    for split in _splits_in(folder):
        by_instrument = LoopLibrary(folder, split).by_instrument
        by_split[split] = {
            n: _sum_stems(by_instrument[n]) for n in sorted(by_instrument)
        }
    n_bytes = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    return {"splits": by_split, "bytes": n_bytes}


def count_songs(folder: Path) -> dict[str, Rows]:
    """Return `songs` and `hours` by split and package; "all" sums a split."""
    by_split = {}
    for split in _splits_in(folder):
        songs = RecordedLibrary(folder, split).songs
        by_package: dict[str, list[RecordedSong]] = {}
        for song in songs:
            by_package.setdefault(song.package, []).append(song)
        rows = {name: _sum_songs(some) for name, some in sorted(by_package.items())}
        by_split[split] = {**rows, "all": _sum_songs(songs)}
    return by_split


def _splits_in(folder: Path) -> list[str]:
    return [s for s in splits.SPLITS if any(folder.glob(f"{s}-*/song.json"))]


def _hours(n_frames: int) -> float:
    return round(n_frames / SAMPLE_RATE / 3600, 3)


def _sum_stems(stems: list[Stem]) -> dict[str, float]:
    return {
        "hours": _hours(sum(stem.n_frames for stem in stems)),
        "stems": len(stems),
        "timbres": len({stem.timbre for stem in stems}),
        "families": len({stem.family for stem in stems}),
    }


def _sum_songs(songs: list[RecordedSong]) -> dict[str, float]:
    hours = _hours(sum(song.n_frames for song in songs))
    return {"songs": len(songs), "hours": hours}


def show_stems(inventory: dict[str, Any], console: Console) -> None:
    """Print what `count_stems` returns."""
    for split, rows in inventory["splits"].items():
        hours = sum(row["hours"] for row in rows.values())
        _show(split, "instrument", {**rows, "all": {"hours": hours}}, console)
    console.print(f"{inventory['bytes'] / 1e6:.0f} MB on disk")


def show_songs(inventory: dict[str, Rows], console: Console) -> None:
    """Print what `count_songs` returns."""
    for split, rows in inventory.items():
        _show(split, "package", rows, console)


def _show(split: str, kind: str, rows: Rows, console: Console) -> None:
    headings = list(next(iter(rows.values())))
    table = Table(kind, title=f"{split} split")
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, row in rows.items():
        cells = (
            f"{row[h]:.2f}" if h == "hours" else str(row.get(h, "")) for h in headings
        )
        table.add_row(name, *cells)
    console.print(table)
