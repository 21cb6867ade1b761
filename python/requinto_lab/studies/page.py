# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the page that sets every system beside ours, from what `compare` measured.

    requinto compare bench --json compare.json --page docs/systems.md
    python -m requinto_lab.studies.page compare.json [MORE.json ...] -o docs/systems.md

The second writes it again from measurements that are there, of one run or several.
Studies are taken from the folder of the page's name, where they left their reports;
box plots are drawn into it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from requinto.errors import ConfigError
from requinto_files import output_files
from requinto_lab import studies
from requinto_lab.evaluation import report, tables
from requinto_lab.evaluation.bench import ITEM_SETS
from requinto_lab.evaluation.scoring import Score
from requinto_lab.systems.registry import ABOUT, SYSTEMS
from requinto_lab.training.provenance import commit

_INTRODUCTION = """\
# The systems, measured

Written by `requinto compare BENCH --page docs/systems.md`, at commit {commit}; by hand
are only the texts of the experiments, in `docs/systems/NAME.md`. Every system that this
project grew from or knows of answers the same questions, on one core each, in one
table. All figures are of the test split, on which nothing was chosen; how each was
trained is in `models/NAME.toml` and, as done, `models/NAME.json`.
"""
_MEASURES = ("si_sdr", "sdr", "sir", "sar")
_MIN_ITEMS = 3  # of an instrument for a row of its own


def write(path: Path, rows: list[Score]) -> list[Path]:
    """Write the page, and its box plots into the folder of its name.

    Sets are in the order of the rows, a set's systems in that of the registry.

    Parameters
    ----------
    path : Path
        Such as `docs/systems.md`; `docs/systems/` then has the pictures, and may have
        studies, which the page shows too.
    rows : list of Score

    Returns
    -------
    list of Path
        The page and the pictures.
    """
    folder = path.with_suffix("")
    sets = list(dict.fromkeys(row.set_name for row in rows))
    rows = sorted(rows, key=lambda row: (sets.index(row.set_name), _rank(row.system)))
    boxes = report.draw_boxes(folder, rows)
    scores = tables.comparison(rows)
    text = "\n".join(_page(scores, [box.name for box in boxes], folder))
    with output_files.whole_file(path, overwrite=True) as unfinished:
        Path(unfinished).write_text(text)
    return [path, *boxes]


def read_scores(paths: Iterable[Path]) -> list[Score]:
    """Return the scores in files that `requinto compare --json` wrote.

    Raises
    ------
    ConfigError
        If a file is not there, or is another.
    """
    return [score for path in paths for score in _scores(path)]


def _scores(path: Path) -> list[Score]:
    try:
        items = json.loads(path.read_text())["items"]
        for item in items:
            item.pop("improvement")  # follows from the rest
        return [Score(**item) for item in items]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path} is not what `requinto compare --json` writes: {error!r}"
        ) from error


def _rank(system: str) -> int:
    """Return a system's index in the registry, after it for one that is not there."""
    return [*SYSTEMS, system].index(system)


def _page(scores: dict[str, Any], pictures: list[str], folder: Path) -> Iterator[str]:
    yield _INTRODUCTION.format(commit=commit()[:12])
    yield from _own_tasks(scores)
    yield from _about(scores)
    yield "## On the test sets\n"
    yield _wrapped(
        "Medians over items, dB; the gain is that in SI-SDR over the untouched mix, "
        "with a 95 % bootstrap interval of its median. A system is asked only for "
        "what it knows, so its items may be fewer."
    )
    for name, systems in scores["sets"].items():
        yield f"### {name}\n"
        if name in ITEM_SETS:  # not one's own set
            yield _wrapped(f"Asked for: {ITEM_SETS[name].target}.")
        if f"{name}-boxes.png" in pictures:
            yield f"![Gains by instrument]({folder.name}/{name}-boxes.png)\n"
        yield from _set_table(systems)
        yield from _instrument_table(systems)
    yield from experiments(folder)


def _own_tasks(scores: dict[str, Any]) -> Iterator[str]:
    yield "## Does each do what it was made for?\n"
    yield _wrapped(
        "Gain in SI-SDR over the untouched mix on the set that asks for a system's own "
        "task, over all of its items there. What its authors reported is of other "
        "music and other measures."
    )
    rows = []
    for name, about in ABOUT.items():
        summary = scores["sets"].get(about.own_set, {}).get(name, {}).get("all")
        if summary and "improvement" in summary:
            low, high = summary["improvement_interval"]
            gains = (summary["improvement_mean"], summary["improvement"])
            rows.append(
                [
                    *(name, about.task, about.own_set, summary["n"]),
                    *(f"{gain:+.1f}" for gain in gains),
                    *(f"{low:+.1f} to {high:+.1f}", about.reported),
                ]
            )
    headings = ("system", "task", "set", "items", "mean gain", "median", "95 %")
    yield from _table((*headings, "its authors reported"), rows)


def _about(scores: dict[str, Any]) -> Iterator[str]:
    yield "## The systems\n"
    rows = []
    for name in sorted(scores["systems"], key=_rank):
        speed = scores["systems"][name]
        n = speed["n_parameters"]
        factor = f"{speed['real_time_factor']:.3f}"
        rows.append([name, f"{n:,}" if n else "-", factor])
    yield from _table(("system", "parameters", "real-time factor"), rows)
    for name, about in ABOUT.items():
        if name in scores["systems"]:
            yield _wrapped(f"**{name}**: {about.source} {about.differs}")


def _set_table(systems: dict[str, Any]) -> Iterator[str]:
    rows = []
    for name, both in systems.items():
        summary = both["all"]
        low, high = summary.get("improvement_interval", (None, None))
        between = "-" if low is None else f"{low:.1f} to {high:.1f}"
        keys = ("improvement", "improvement_mean", *_MEASURES, "absent_level")
        numbers = [_decibels(summary.get(key)) for key in keys]
        rows.append([name, summary["n"], *numbers[:2], between, *numbers[2:]])
    headings = ("system", "items", "gain", "mean gain", "95 %", "SI-SDR", "SDR")
    yield from _table((*headings, "SIR", "SAR", "absent"), rows)


def _instrument_table(systems: dict[str, Any]) -> Iterator[str]:
    """Yield SI-SDR, SDR, SIR and SAR of each instrument with enough items."""
    counts = {
        instrument: summary["n"]
        for both in systems.values()
        for instrument, summary in both["instruments"].items()
        if "si_sdr" in summary
    }
    common = sorted(i for i, n in counts.items() if n >= _MIN_ITEMS)
    if len(counts) < 2 or not common:
        return
    yield "By instrument, SI-SDR / SDR / SIR / SAR:\n"
    rows = []
    for name, both in systems.items():
        cells = []
        for instrument in common:
            summary = both["instruments"].get(instrument, {})
            values = [_decibels(summary.get(key)) for key in _MEASURES]
            cells.append(" / ".join(values) if set(values) != {"-"} else "-")
        if set(cells) != {"-"}:
            rows.append([name, *cells])
    headings = [f"{i} ({counts[i]})" for i in common]
    yield from _table(("system", *headings), rows)


def experiments(folder: Path) -> Iterator[str]:
    """Yield the part of the page on the studies whose reports are in a folder."""
    if reports := studies.read(folder):
        yield "## Experiments\n"
        for one in reports:
            yield from _study(one, folder)


def _study(one: studies.Report, folder: Path) -> Iterator[str]:
    yield f"### {one.title}\n"
    yield f"`{one.command}`\n"
    if one.text:
        yield one.text + "\n"
    yield from _table(one.columns, [list(map(studies.cell, row)) for row in one.rows])
    if one.figures:
        lines = [f"- {name}: {studies.cell(x)}" for name, x in one.figures.items()]
        yield "\n".join([*lines, ""])
    for file, caption in one.pictures:
        yield f"![{caption}]({folder.name}/{file})\n"


def _table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the lines of a table, without columns in which nothing is said."""
    cells = [list(map(str, row)) for row in rows]
    columns = list(zip(headings, *cells, strict=True))
    shown = [c for c in columns if not cells or set(c[1:]) != {"-"}]
    lines = [f"| {' | '.join(line)} |" for line in zip(*shown, strict=True)]
    yield "\n".join([lines[0], f"|{'---|' * len(shown)}", *lines[1:], ""])


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 88, break_long_words=False) + "\n"


def _decibels(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _command(
    measured: Annotated[
        list[Path], typer.Argument(help="What `requinto compare --json` wrote.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The page.")],
) -> None:
    """Write the page again from measurements that are there."""
    print("\n".join(map(str, write(output, read_scores(measured)))))


if __name__ == "__main__":
    typer.run(_command)
