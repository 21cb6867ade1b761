# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from requinto_lab.benchmark.session import Row, length_name
from requinto_lab.benchmark.stages import BEAT_NETWORK, NETWORK

PEER = "spleeter"  # whose speed others are divided by
_STARTUP = {
    "interpreter": "interpreter_s",
    "import": "import_s",
    "load": "load_s",
    "first answer": "first_s",
    "all": "total_s",
    "all, of the core's time": "cpu_s",
}


def show(result: dict[str, Any], console: Console) -> None:
    """Print the tables of a result, and below them what was not measured."""
    rows = result["rows"]
    for line in _heading(result):
        console.print(line, markup=False, highlight=False)
    for table in tables(rows):
        console.print(table)
    for line in problems(rows):
        console.print(line, markup=False, highlight=False)


def tables(rows: Sequence[Row]) -> Iterator[Table]:
    """Yield speed, speed beside Spleeter's, memory, start-up, and where time goes."""
    if not [row for row in rows if "runs" in row]:
        return
    yield _by_length(
        "Seconds for each second of sound", rows, lambda row: f"{row['factor']:.4f}"
    )
    yield _by_length(
        "The same, of all cores' time", rows, lambda row: f"{row['cpu_factor']:.4f}"
    )
    if any(row["system"] == PEER and "runs" in row for row in rows):
        yield _by_length(f"Times as fast as {PEER}", rows, _ratio_to_peer(rows))
    yield _by_length(
        "Peak memory, MB", rows, lambda row: f"{row['peak_bytes'] / 1e6:.0f}"
    )
    yield _startup_table(rows)
    profiled = [row for row in rows if "profile" in row]
    if profiled:
        yield _stage_table(profiled)
        yield _floor_table(profiled)


def problems(rows: Sequence[Row]) -> list[str]:
    """Return a line for each system and reason why something was not measured."""
    lengths: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if "problem" in row:
            label = f"{length_name(row['seconds'])} on {_threads(row['threads'])}"
            lengths.setdefault((row["system"], row["problem"]), []).append(label)
    lines = [
        f"{system}: {problem} ({', '.join(labels)})"
        for (system, problem), labels in lengths.items()
    ]
    return lines + sorted({line for row in rows for line in _profile_problems(row)})


def _profile_problems(row: Row) -> Iterator[str]:
    profile = row.get("profile", {})
    for path in profile.get("missing", []):
        yield f"profile: {path} is not there, and its stage lacks it"
    if problem := profile.get("multiply_adds", {}).get("problem"):
        yield f"{row['system']}: {problem}"


def _heading(result: dict[str, Any]) -> Iterator[str]:
    machine = result["machine"]
    loads = [row["load_average"] for row in result["rows"] if row.get("load_average")]
    yield (
        f"{machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_bytes'] / 1e9:.0f} GB; {', '.join(machine['blas'])}"
    )
    yield ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    busy = f"; load {min(loads):.1f} to {max(loads):.1f} before a run" if loads else ""
    yield f"{result['began']} to {result['ended']}{busy}"


def _table(title: str, names: Sequence[str], numbers: Sequence[str]) -> Table:
    """Return an empty table, whose columns of numbers are flush right."""
    columns = [Column(heading, justify="right") for heading in numbers]
    return Table(*names, *columns, title=title, title_justify="left")


def _by_length(
    title: str, rows: Sequence[Row], value: Callable[[Row], str | None]
) -> Table:
    """Return a table of a value by system, length and number of threads."""
    columns = list(dict.fromkeys((row["seconds"], row["threads"]) for row in rows))
    headings = [f"{length_name(s)}\n{_threads(n)}" for s, n in columns]
    table = _table(title, ["system", "note"], headings)
    for name in dict.fromkeys(row["system"] for row in rows):
        own = [row for row in rows if row["system"] == name]
        values = {
            (row["seconds"], row["threads"]): value(row) for row in own if "runs" in row
        }
        notes = dict.fromkeys(row["note"] for row in own if row.get("note"))
        cells = [values.get(column) or "-" for column in columns]
        table.add_row(name, ", ".join([own[0]["what"], *notes]), *cells)
    return table


def _ratio_to_peer(rows: Sequence[Row]) -> Callable[[Row], str | None]:
    factors = {
        (row["seconds"], row["threads"]): row["factor"]
        for row in rows
        if row["system"] == PEER and "runs" in row
    }

    def ratio(row: Row) -> str | None:
        factor = factors.get((row["seconds"], row["threads"]))
        return f"{factor / row['factor']:.2f}" if factor else None

    return ratio


def _startup_table(rows: Sequence[Row]) -> Table:
    """Return how long it takes to the first second, as the shortest length has it."""
    title = "Start-up to the first second, s"
    table = _table(title, ["system"], ["threads", *_STARTUP])
    shown = set()
    for row in rows:
        key = (row["system"], row["threads"])
        if "runs" in row and key not in shown:
            shown.add(key)
            cells = [f"{row['startup'][name]:.2f}" for name in _STARTUP.values()]
            table.add_row(row["system"], str(row["threads"]), *cells)
    return table


def _stage_table(rows: Sequence[Row]) -> Table:
    """Return milliseconds for each second of sound, by stage."""
    length = length_name(rows[0]["profile"]["seconds"])
    title = f"Where time goes, ms for each second, of {length}"
    headings = [f"{row['system']}\n{_threads(row['threads'])}" for row in rows]
    table = _table(title, ["stage"], headings)
    stages = list(rows[0]["profile"]["stages_s"])
    for stage in stages:
        table.add_row(
            stage, *(_ms(row, row["profile"]["stages_s"][stage]) for row in rows)
        )
    table.add_row("all else", *(_ms(row, _rest_s(row)) for row in rows))
    table.add_section()
    table.add_row("all", *(_ms(row, row["profile"]["whole_s"]) for row in rows))
    return table


def _ms(row: Row, seconds: float) -> str:
    return f"{1000 * seconds / row['profile']['seconds']:.2f}"


def _rest_s(row: Row) -> float:
    profile = row["profile"]
    return float(profile["whole_s"] - sum(profile["stages_s"].values()))


def _floor_table(rows: Sequence[Row]) -> Table:
    """Return the time beside that of the networks alone and of arithmetic alone."""
    headings = ["threads", "all / networks", "GFLOP a second", "peak GFLOP/s"]
    title = "Beside the networks alone, and arithmetic"
    table = _table(title, ["system"], [*headings, "floor, ms", "all / floor"])
    for row in rows:
        table.add_row(row["system"], str(row["threads"]), *_floor_cells(row))
    return table


def _floor_cells(row: Row) -> list[str]:
    ratios = floor_ratios(row)
    names = ("to_networks", "gflop", "peak_gflops", "floor_ms", "to_floor")
    formats = ("{:.2f}", "{:.3f}", "{:.0f}", "{:.2f}", "{:.1f}")
    return [
        "-" if ratios[name] is None else shape.format(ratios[name])
        for name, shape in zip(names, formats, strict=True)
    ]


def floor_ratios(row: Row) -> dict[str, float | None]:
    """Return how a profiled run compares to its networks and to its arithmetic.

    Returns
    -------
    dict
        `to_networks`, `to_floor`: the time of the run over that of its networks, and
        over its floor; `gflop` a second of sound, two for each multiply-add;
        `peak_gflops` a second of time; `floor_ms` a second of sound.  None where the
        work is not known.
    """
    profile = row["profile"]
    stages_s, counts = profile["stages_s"], profile["multiply_adds"]
    networks_s = stages_s[NETWORK] + stages_s[BEAT_NETWORK]
    ratios: dict[str, float | None] = dict.fromkeys(("gflop", "floor_ms", "to_floor"))
    ratios["to_networks"] = profile["whole_s"] / networks_s if networks_s else None
    ratios["peak_gflops"] = 2e-9 * profile["peak_per_s"]
    work = sum(count for name, count in counts.items() if name != "problem")
    if work and not counts["problem"]:
        floor_s = work / profile["peak_per_s"]
        ratios["gflop"] = 2e-9 * work / profile["seconds"]
        ratios["floor_ms"] = 1000 * floor_s / profile["seconds"]
        ratios["to_floor"] = profile["whole_s"] / floor_s
    return ratios


def _threads(number: int) -> str:
    return f"{number} thread" if number == 1 else f"{number} threads"
