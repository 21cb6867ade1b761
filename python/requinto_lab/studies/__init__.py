# SPDX-License-Identifier: GPL-3.0-or-later
"""Experiments with the earlier systems: what is compared, as data, and its report.

A study is measured and drawn by `python -m requinto_lab.studies`, which writes
`NAME.json`, the table, and pictures.  What they mean is written by hand, in `NAME.md`
beside them; the page of systems shows all three.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from requinto.config import from_values
from requinto.errors import ConfigError
from requinto_files import output_files
from requinto_lab.studies import plots

Cell = str | float | None


@dataclass(frozen=True)
class Options:
    """What the command line gives a study."""

    material: Path = Path()  # loops, or the songs of a test set
    runs: Path = Path("runs")  # folder of the runs, which go on
    minutes: float = 0.0  # of one core, for each run
    n_eval: int = 0  # mixtures in which something is measured
    width_divisor: int = 1  # of the networks
    seeds: int = 1  # networks of a kind
    sources: str = ""  # names, with commas
    model: str = ""  # folder of the model; the released one without

    def run_folder(self, variant: str) -> str:
        """Return the folder of a variant's run."""
        return str(self.runs / variant.replace(" ", "-"))


@dataclass(frozen=True)
class Picture:
    """A plot, and what to say of it."""

    suffix: str  # of its file, after the study's name
    caption: str
    plot: plots.Plot


@dataclass(frozen=True)
class Result:
    """What a study measured."""

    columns: tuple[str, ...]  # headings, with units
    rows: tuple[tuple[Cell, ...], ...]  # None where there is nothing to say
    pictures: tuple[Picture, ...] = ()
    figures: Mapping[str, Cell] = field(default_factory=dict)  # beside the table
    suffix: str = ""  # of the report's name, where options make it another report


@dataclass(frozen=True)
class Study:
    """One experiment."""

    name: str  # on the command line, and of its files
    title: str
    material: str  # what docs/systems was made of; nothing where none is needed
    variants: Mapping[str, Any]  # what is compared, by name
    defaults: Mapping[str, Any]  # of the options that it takes
    measure: Callable[[Mapping[str, Any], Options], Result]


@dataclass(frozen=True)
class Report:
    """What a study leaves: `NAME.json`, and `NAME.md` by hand."""

    name: str
    title: str
    command: str  # that makes it again
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    pictures: tuple[tuple[str, str], ...] = ()  # file beside the JSON, and caption
    figures: Mapping[str, Cell] = field(default_factory=dict)
    text: str = ""  # Markdown, as it is in the file

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
        if not isinstance(self.figures, Mapping):
            raise ConfigError(
                f"study {self.name}: figures are named, got {self.figures}"
            )


def run(
    study: Study, material: Path | None, folder: Path, given: Mapping[str, Any]
) -> Report:
    """Measure a study, draw its pictures into a folder, and write its report.

    Parameters
    ----------
    study : Study
    material : Path, optional
        Loops, or songs of a test set, where the study needs them.
    folder : Path
        Made if missing.
    given : mapping
        Options by name, of those that the study takes.

    Raises
    ------
    ConfigError
        If the study does not take an option, or lacks material.
    """
    if unknown := set(given) - {*study.defaults, "runs"}:
        raise ConfigError(
            f"the study {study.name} takes no {', '.join(sorted(unknown))}, only "
            f"{', '.join(study.defaults) or 'its material'}"
        )
    if bool(study.material) != (material is not None):
        needs = f"needs {study.material}" if study.material else "needs no material"
        raise ConfigError(f"the study {study.name} {needs}, got {material}")
    chosen = {**study.defaults, **given}
    options = Options(
        **{"runs": Path("runs") / study.name, "material": material or Path(), **chosen}
    )
    result = study.measure(study.variants, options)
    name = study.name + result.suffix
    folder.mkdir(parents=True, exist_ok=True)
    for picture in result.pictures:
        plots.draw(picture.plot, folder / f"{name}{picture.suffix}.png")
    report = Report(
        name,
        study.title,
        _command(study, chosen),
        result.columns,
        result.rows,
        tuple((f"{name}{p.suffix}.png", p.caption) for p in result.pictures),
        result.figures,
    )
    write(folder, report)
    return dataclasses.replace(report, text=_text(folder, name))


def _command(study: Study, chosen: Mapping[str, Any]) -> str:
    words = ["python -m requinto_lab.studies", study.name, study.material]
    options = [
        f"--{name.replace('_', '-')} {str(value).removesuffix('.0')}"
        for name, value in chosen.items()
        if name not in ("runs", "model") and value != ""
    ]
    return " ".join(filter(None, [*words, "-o docs/systems", *options]))


def write(folder: Path, report: Report) -> Path:
    """Write a report to `NAME.json` in a folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.name}.json"
    values = dataclasses.asdict(report)
    del values["text"]  # which is written by hand
    with output_files.whole_file(path, overwrite=True) as unfinished:
        Path(unfinished).write_text(json.dumps(values, indent=1) + "\n")
    return path


def read(folder: Path) -> list[Report]:
    """Return the reports in a folder, by name, with their texts.

    Raises
    ------
    ConfigError
        If a file is no report.
    """
    reports = []
    for path in sorted(folder.glob("*.json")):
        try:
            values = json.loads(path.read_text())
            for name in {"rows", "pictures"} & set(values):
                values[name] = [tuple(row) for row in values[name]]
            values["text"] = _text(folder, path.stem)
            reports.append(from_values(Report, values, path.name))
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(f"{path} is no study: {error}") from error
    return reports


def _text(folder: Path, name: str) -> str:
    path = folder / f"{name}.md"
    return path.read_text().strip() if path.exists() else ""


def show(report: Report, console: Console) -> None:
    """Print a report."""
    table = Table(title=report.title, title_justify="left")
    for i, heading in enumerate(report.columns):
        table.add_column(heading, justify="right" if i else "left")
    for row in report.rows:
        table.add_row(*(escape(cell(value)) for value in row))
    console.print(table)
    for name, value in report.figures.items():
        console.print(f"{name}: {cell(value)}", markup=False)
    console.print(report.text, markup=False)


def cell(value: Cell) -> str:
    """Return a value as a table shows it, `-` for None.

    Numbers have three digits, or all those before the point.
    """
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
