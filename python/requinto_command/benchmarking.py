# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `bench`: speed, memory and start-up beside other systems."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from requinto_command.options import JsonPath, Overwrite

if TYPE_CHECKING:
    from requinto_lab.benchmark import session

_LENGTHS, _QUICK_LENGTHS = "10s,1min,10min,2h", "10s"
_QUICK_TIMES, _QUICK_BUDGET_S = 3, 5.0


def bench(
    system: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    threads: Annotated[
        list[int] | None, typer.Option(help="1 and 2 unless given; may be repeated.")
    ] = None,
    lengths: Annotated[
        str | None, typer.Option(help=f"Of the music: {_LENGTHS} unless given.")
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="10 s, one thread, without what is slow: 2 minutes."
        ),
    ] = False,
    limit_s: Annotated[
        float, typer.Option(help="Skip a length that would take longer.", min=1)
    ] = 900.0,
    runtime: Annotated[
        str | None, typer.Option(help="Of Requinto's models: litert or tensorflow.")
    ] = None,
    json_path: JsonPath = None,
    overwrite: Overwrite = False,
) -> None:
    """Measure speed, memory and start-up of Requinto's models and of other systems."""
    from requinto.model_folder import models
    from requinto_command import outputs
    from requinto_lab.benchmark import session, systems

    known = models()
    names = systems.check_names(
        system or systems.default_names(known, quick=quick), known
    )
    default = _QUICK_LENGTHS if quick else _LENGTHS
    plan = session.Plan(
        names,
        session.parse_lengths(lengths or default),
        session.check_threads(tuple(threads or ((1,) if quick else ()))),
        limit_s,
        systems.check_runtime(runtime),
    )
    if quick:
        plan = plan._replace(n_times=_QUICK_TIMES, budget_s=_QUICK_BUDGET_S)
    output = outputs.Output(json_path, outputs.JSON)
    outputs.check_outputs((output,), (), overwrite=overwrite)
    _measure(plan, json_path, overwrite=overwrite)


def _measure(plan: session.Plan, json_path: Path | None, *, overwrite: bool) -> None:
    """Measure, print and write; what is measured is kept where that is interrupted."""
    from requinto.errors import ConfigError
    from requinto_command import outputs
    from requinto_lab.benchmark import machine, report

    result: dict[str, Any] = {
        "began": _now(),
        "machine": machine.describe(),
        "versions": machine.versions(),
        "plan": plan._asdict(),
        "rows": [],
    }
    try:
        _fill(result["rows"], plan)
    finally:
        result["ended"] = _now()
        if result["rows"]:
            outputs.write_json(json_path, result, overwrite=overwrite)
            report.show(result, outputs.table_console())
    if not any("runs" in row for row in result["rows"]):
        raise ConfigError(f"nothing was measured: {report.problems(result['rows'])[0]}")


def _fill(rows: list[session.Row], plan: session.Plan) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from requinto_lab.benchmark import session

    n_rows = len(plan.systems) * len(plan.lengths_s) * len(plan.threads)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("Measuring", total=n_rows)
        for row in session.rows(plan):
            rows.append(row)
            bar.update(task, advance=1, description=row["system"])


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
