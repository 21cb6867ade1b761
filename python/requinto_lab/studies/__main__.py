# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a study: `python -m requinto_lab.studies NAME [MATERIAL] -o FOLDER`.

Trains what is not trained yet, measures and draws it, writes a report into a folder,
and prints it.  A report's text is in `NAME.md`, by hand: see to it after a new run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from requinto.errors import ConfigError
from requinto_lab import studies
from requinto_lab.studies import (
    bachata2020,
    digits,
    first_beat,
    intro,
    maskers,
    separators,
)

STUDIES = {
    study.name: study
    for study in (
        digits.STUDY,
        bachata2020.STUDY,
        first_beat.STUDY,
        intro.STUDY,
        *separators.STUDIES,
        *maskers.STUDIES,
    )
}


def main(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(STUDIES)}.")],
    material: Annotated[
        Path | None, typer.Argument(help="Loops, or whole songs of a test set.")
    ] = None,
    *,
    output: Annotated[Path, typer.Option("-o", help="Folder of the report.")],
    runs: Annotated[
        Path | None, typer.Option(help="Folder of the runs, which go on.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Of one core, for each run.")
    ] = None,
    n_eval: Annotated[
        int | None, typer.Option(help="Mixtures that are measured.", min=1)
    ] = None,
    width_divisor: Annotated[
        int | None, typer.Option(help="Of the network's width.", min=1)
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Networks to train.", min=1)] = None,
    sources: Annotated[str | None, typer.Option(help="Two, with a comma.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Folder of a model, for the released one.")
    ] = None,
) -> None:
    """Measure a study, and write and print its report."""
    if name not in STUDIES:
        raise ConfigError(f"unknown study {name!r}; known are {', '.join(STUDIES)}")
    options = {
        "runs": runs,
        "minutes": minutes,
        "n_eval": n_eval,
        "width_divisor": width_divisor,
        "seeds": seeds,
        "sources": sources,
        "model": model,
    }
    given = {key: value for key, value in options.items() if value is not None}
    report = studies.run(STUDIES[name], material, output, given)
    studies.show(report, Console())


if __name__ == "__main__":
    typer.run(main)
