# SPDX-License-Identifier: GPL-3.0-or-later
"""What a library holds: hours and timbres of each instrument, and its size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from requinto_lab.material import splits
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.soundfonts import SAMPLE_RATE

Holdings = dict[str, Any]


def holdings(folder: Path) -> Holdings:
    """Return what a library holds, ready for JSON.

    `splits` gives, by split and instrument, `hours` of stems and the numbers of
    `stems`, `timbres` and `families`; `bytes` is what all of it takes on disk.
    """
    by_split: dict[str, dict[str, Any]] = {}
    for split in splits.SPLITS:
        if any(folder.glob(f"{split}-*/song.json")):
            cache = LoopLibrary(folder, split)
            by_split[split] = {
                instrument: _summed(stems)
                for instrument, stems in sorted(cache.by_instrument.items())
            }
    n_bytes = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    return {"splits": by_split, "bytes": n_bytes}


def _summed(stems: list[Stem]) -> dict[str, float]:
    n_frames = sum(stem.n_frames for stem in stems)
    return {
        "hours": round(n_frames / SAMPLE_RATE / 3600, 3),
        "stems": len(stems),
        "timbres": len({stem.timbre for stem in stems}),
        "families": len({stem.family for stem in stems}),
    }


def show(found: Holdings, console: Console) -> None:
    """Print what a library holds."""
    for split, instruments in found["splits"].items():
        table = Table(title=f"{split} split")
        table.add_column("instrument")
        for heading in ("hours", "stems", "timbres", "families"):
            table.add_column(heading, justify="right")
        for name, row in instruments.items():
            cells = (str(row[key]) for key in ("stems", "timbres", "families"))
            table.add_row(name, f"{row['hours']:.2f}", *cells)
        hours = sum(row["hours"] for row in instruments.values())
        table.add_row("all", f"{hours:.2f}", end_section=True)
        console.print(table)
    console.print(f"{found['bytes'] / 1e6:.0f} MB on disk")
