# SPDX-License-Identifier: GPL-3.0-or-later
"""What an experiment with an earlier system found: a table and pictures.

Experiments leave their findings in a folder, a JSON file each beside its pictures,
and the page of systems is written from those.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from requinto import audio as sound
from requinto.config import from_values

Cell = str | float | None


@dataclass(frozen=True)
class Study:
    """One experiment."""

    name: str  # of its files
    title: str
    command: str  # that makes it again
    finding: str  # a paragraph, with the numbers that were found
    columns: tuple[str, ...]  # headings, with units
    rows: tuple[tuple[Cell, ...], ...]  # None where there is nothing to say
    pictures: tuple[tuple[str, str], ...] = ()  # file beside the JSON, and caption


def write(folder: Path, study: Study) -> Path:
    """Write a study to `NAME.json` in a folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{study.name}.json"
    with sound.whole_file(place) as unfinished:
        text = json.dumps(dataclasses.asdict(study), indent=1)
        Path(unfinished).write_text(text + "\n")
    return place


def read(folder: Path) -> list[Study]:
    """Return the studies in a folder, by name.

    Raises
    ------
    ConfigError
        If a file is no study.
    """
    found = []
    for place in sorted(folder.glob("*.json")):
        values = json.loads(place.read_text())
        for name in ("rows", "pictures"):
            values[name] = [tuple(row) for row in values.get(name, [])]
        found.append(cast(Study, from_values(Study, values, str(place))))
    return found


def show(study: Study, console: Console) -> None:
    """Print a study."""
    table = Table(title=study.title, title_justify="left")
    for i, heading in enumerate(study.columns):
        table.add_column(heading, justify="right" if i else "left")
    for row in study.rows:
        table.add_row(*map(cell, row))
    console.print(table)
    console.print(study.finding)


def cell(value: Cell) -> str:
    """Return a value as a table shows it: numbers to three digits, `-` for None."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.3g}"
