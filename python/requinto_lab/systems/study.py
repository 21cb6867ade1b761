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
from rich.markup import escape
from rich.table import Table

from requinto.config import from_values
from requinto.errors import ConfigError
from requinto_files import output_files

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

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ConfigError(
                    f"study {self.name}: there are {len(self.columns)} columns, got a "
                    f"row of {len(row)}"
                )
        if wrong := [pair for pair in self.pictures if len(pair) != 2]:
            raise ConfigError(
                f"study {self.name}: pictures are a file and a caption, got {wrong}"
            )


def write(folder: Path, study: Study) -> Path:
    """Write a study to `NAME.json` in a folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{study.name}.json"
    with output_files.whole_file(place, overwrite=True) as unfinished:
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
        try:
            values = json.loads(place.read_text())
            for name in {"rows", "pictures"} & set(values):
                values[name] = [tuple(row) for row in values[name]]
            found.append(cast(Study, from_values(Study, values, place.name)))
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(f"{place} is no study: {error}") from error
    return found


def show(study: Study, console: Console) -> None:
    """Print a study."""
    table = Table(title=study.title, title_justify="left")
    for i, heading in enumerate(study.columns):
        table.add_column(heading, justify="right" if i else "left")
    for row in study.rows:
        table.add_row(*(escape(cell(value)) for value in row))
    console.print(table)
    console.print(study.finding, markup=False)


def cell(value: Cell) -> str:
    """Return a value as a table shows it, `-` for None.

    Numbers have three digits, or all those before the point.
    """
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
