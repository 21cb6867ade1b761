# SPDX-License-Identifier: GPL-3.0-or-later
"""All measurements of one run of the bench, in order; hopeless ones are skipped."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from requinto.errors import ConfigError
from requinto.process import count_cores
from requinto_lab.benchmark import child, jobs, machine, systems

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_SHORTEST_S, _LONGEST_S = 1.0, 24 * 3600.0
_MEMORY_SHARE = 0.9  # of what is free, that a measurement may take
_START_S = 60.0  # that a child may take beside its runs

Row = dict[str, Any]


class Plan(NamedTuple):
    """What is to be measured."""

    systems: tuple[str, ...]
    lengths_s: tuple[float, ...]  # ascending
    threads: tuple[int, ...]
    limit_s: float = 900.0  # of one run
    runtime: str | None = None
    n_times: int = 5
    budget_s: float = 20.0


def parse_lengths(text: str) -> tuple[float, ...]:
    """Return seconds, ascending, of lengths such as "10s,1min,2h".

    Raises
    ------
    ConfigError
        If one is none, or not from 1 second to 24 hours.
    """
    return tuple(sorted({_parse_length(part.strip()) for part in text.split(",")}))


def _parse_length(text: str) -> float:
    number = text.rstrip("sminh ")
    unit = text[len(number) :].strip() or "s"
    try:
        seconds = float(number) * _UNITS[unit]
    except (ValueError, KeyError) as error:
        raise _bad_length(text) from error
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise _bad_length(text)
    return seconds


def _bad_length(text: str) -> ConfigError:
    return ConfigError(f"--lengths are from 1s to 24h, such as 1min,2h, got {text!r}")


def length_name(seconds: float) -> str:
    """Return a length as `parse_lengths` reads it, in the largest whole unit."""
    for unit, size in reversed(_UNITS.items()):
        if seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def check_threads(given: tuple[int, ...]) -> tuple[int, ...]:
    """Return numbers of threads, ascending; one and two, as far as there are cores.

    Raises
    ------
    ConfigError
        If there are not as many cores.
    """
    n_cores = count_cores()
    for number in given:
        if not 1 <= number <= n_cores:
            raise ConfigError(
                f"--threads must be from 1 to {n_cores}, the cores here, got {number}"
            )
    return tuple(sorted(set(given or range(1, min(2, n_cores) + 1))))


def rows(plan: Plan) -> Iterator[Row]:
    """Yield a row for each length, number of threads and system.

    A row holds what `child.py` measured, or one line under "problem".
    """
    profiled_s = _profiled(plan.lengths_s)
    done: list[Row] = []
    for seconds in plan.lengths_s:
        for n_threads in plan.threads:
            for name in plan.systems:
                row = {"system": name, "threads": n_threads, "seconds": seconds}
                earlier = [
                    r for r in done if (r["system"], r["threads"]) == (name, n_threads)
                ]
                with tempfile.TemporaryDirectory(prefix="requinto-bench-") as folder:
                    job = jobs.Job(
                        *(name, seconds, n_threads, folder, plan.runtime),
                        *(plan.n_times, plan.budget_s, seconds == profiled_s),
                    )
                    row |= measure_or_skip(job, earlier, plan.limit_s)
                done.append(row)
                yield row


def measure_or_skip(job: jobs.Job, earlier: list[Row], limit_s: float) -> Row:
    """Return what is measured, or why shorter lengths say that it takes too long."""
    row: Row = {"what": systems.system(job.system).what}
    problem = skip_reason(job.seconds, earlier, limit_s, machine.free_bytes())
    if problem:
        return row | {"problem": problem}
    row["load_average"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    record = jobs.measure(job, 2 * limit_s + _START_S)
    if "runs" in record:
        record["factor"] = _median(record, "wall_s") / job.seconds
        record["cpu_factor"] = _median(record, "cpu_s") / job.seconds
    return row | record


def skip_reason(
    seconds: float, earlier: list[Row], limit_s: float, free_bytes: float
) -> str:
    """Return why a length is not tried, or nothing.

    Parameters
    ----------
    seconds : float
    earlier : list of dict
        Rows of the same system and as many threads, of shorter lengths, ascending.
    limit_s : float
        The most that a run may take.
    free_bytes : float
        The most memory that there is.
    """
    if not earlier:
        return ""
    last = earlier[-1]
    if "problem" in last:
        return str(last["problem"])
    estimate_s = last["factor"] * seconds
    if estimate_s > limit_s:
        return f"skipped: about {estimate_s:.0f} s, more than --limit-s {limit_s:g}"
    if len(earlier) < 2:
        return ""
    before = earlier[-2]
    slope = (last["peak_bytes"] - before["peak_bytes"]) / (
        last["seconds"] - before["seconds"]
    )
    needed = last["peak_bytes"] + max(slope, 0.0) * (seconds - last["seconds"])
    if needed > _MEMORY_SHARE * free_bytes:
        return f"skipped: about {needed / 1e9:.1f} GB, {free_bytes / 1e9:.1f} are free"
    return ""


def _profiled(lengths_s: tuple[float, ...]) -> float:
    """Return the length in whose rows there is a profile, of that length or less."""
    short = [seconds for seconds in lengths_s if seconds <= child.PROFILED_S]
    return max(short) if short else min(lengths_s)


def _median(record: Row, key: str) -> float:
    return float(np.median([run[key] for run in record["runs"]]))
