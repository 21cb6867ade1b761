# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores grouped and summed up: for a terminal, and as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import numpy as np
import scipy.stats
from rich.console import Console
from rich.table import Column, Table

from requinto_lab.evaluation.scoring import Score

_N_RESAMPLES = 1000
_CONFIDENCE = 0.95
_SILENT_DB = -20.0  # an output below this of the mix counts as silent
_MEASURES = ("si_sdr", "si_sdr_mix", "snr", "snr_mix", "sdr", "sir", "sar", "isr")


def summary(rows: list[Score]) -> dict[str, Any]:
    """Return what a group of scores of one system comes to.

    Medians in dB of each measure; of the improvement in SI-SDR also its mean
    and a 95 % bootstrap interval of its median; of absent targets the median
    level and the share at -20 dB or lower; the median swap margin.  What no item
    has is left out.
    """
    result: dict[str, Any] = {"n": len(rows)}
    for name in _MEASURES:
        if values := [v for row in rows if (v := getattr(row, name)) is not None]:
            result[name] = float(np.median(values))
    if gains := _values(rows, lambda row: row.improvement):
        result["improvement"] = float(np.median(gains))
        result["improvement_mean"] = float(np.mean(gains))
        result["improvement_interval"] = interval(gains)
        result["worst_improvement"] = min(gains)
    if levels := _values(rows, lambda row: row.level if row.absent else None):
        result["absent_level"] = float(np.median(levels))
        result["absent_share_silent"] = float(np.mean(np.array(levels) <= _SILENT_DB))
    if margins := _values(rows, lambda row: row.swap_margin):
        result["swap_margin"] = float(np.median(margins))
        result["swap_margin_interval"] = interval(margins)
    return result


def interval(values: list[float]) -> tuple[float, float]:
    """Return a 95 % interval of the median, by percentile bootstrap.

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    if len(values) < 2 or len(set(values)) == 1:
        return (values[0], values[-1])
    bounds = scipy.stats.bootstrap(
        (np.array(values),),
        np.median,
        n_resamples=_N_RESAMPLES,
        confidence_level=_CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return (float(bounds.low), float(bounds.high))


def comparison(rows: list[Score]) -> dict[str, Any]:
    """Return the whole comparison, ready for JSON.

    `systems` holds parameters and real-time factors on one core; `sets` holds,
    by set and system, the summary of `all` items and of each instrument;
    `items` holds every score.
    """
    systems = {}
    for name, group in _group(rows, attrgetter("system")).items():
        duration_s = sum(row.duration_s for row in group)
        systems[name] = {
            "n_parameters": group[0].n_parameters,
            "real_time_factor": sum(row.seconds for row in group) / duration_s,
        }
    by_instrument = attrgetter("instrument")
    sets = {
        set_name: {
            system: {
                "all": summary(mine),
                "instruments": {
                    instrument: summary(some)
                    for instrument, some in _group(mine, by_instrument).items()
                },
            }
            for system, mine in _group(group, attrgetter("system")).items()
        }
        for set_name, group in _group(rows, attrgetter("set_name")).items()
    }
    items = [{**dataclasses.asdict(r), "improvement": r.improvement} for r in rows]
    return {"systems": systems, "sets": sets, "items": items}


def evaluation(rows: list[Score], ours: str, ideal: str) -> dict[str, Any]:
    """Return the evaluation of one system beside mix and ideal mask, for JSON.

    For each item, and as medians for each instrument: `si_sdr_db` and `snr_db`
    of the `estimate`, of the `mix` and of the `ideal_ratio_mask`; of absent
    targets `level_db`, the output relative to the mix.
    """
    best = {(r.set_name, r.item): r for r in rows if r.system == ideal}
    items = []
    for row in rows:
        if row.system != ours:
            continue
        item: dict[str, Any] = {
            "item": row.item,
            "set": row.set_name,
            "instrument": row.instrument,
            "absent": row.absent,
        }
        if row.absent:
            item["level_db"] = row.level
        elif row.si_sdr is not None:
            limit = best[row.set_name, row.item]
            for name in ("si_sdr", "snr"):
                item[f"{name}_db"] = {
                    "estimate": getattr(row, name),
                    "mix": getattr(row, f"{name}_mix"),
                    "ideal_ratio_mask": getattr(limit, name),
                }
        items.append(item)
    instruments = {
        name: _medians(group)
        for name, group in _group(items, lambda item: item["instrument"]).items()
    }
    return {"items": items, "instruments": instruments, "all": _medians(items)}


def _medians(items: list[dict[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {"n": len(items)}
    for measure in ("si_sdr_db", "snr_db"):
        present = [item[measure] for item in items if measure in item]
        if present:
            result[measure] = {
                key: float(np.median([row[key] for row in present]))
                for key in present[0]
            }
    levels = [item["level_db"] for item in items if "level_db" in item]
    if levels:
        result["level_db"] = float(np.median(levels))
    return result


def print_evaluation(result: dict[str, Any], console: Console) -> None:
    """Print the medians of an evaluation."""
    headings = ("items", "SI-SDR", "mix", "ideal", "SNR", "mix", "ideal", "absent")
    table = Table("instrument", *map(_numbers, headings), title="Medians in dB")
    rows = {**result["instruments"], "all": result["all"]}
    for name, row in rows.items():
        cells = [str(row["n"])]
        for measure in ("si_sdr_db", "snr_db"):
            values = row.get(measure, {})
            keys = ("estimate", "mix", "ideal_ratio_mask")
            cells += [_cell(values.get(key)) for key in keys]
        table.add_row(name, *cells, _cell(row.get("level_db")))
    console.print(table)


def print_comparison(result: dict[str, Any], console: Console) -> None:
    """Print a table for each set, and one of the systems."""
    for set_name, systems in result["sets"].items():
        console.print(_set_table(set_name, systems, result["systems"]))
        instruments = {i for s in systems.values() for i in s["instruments"]}
        if len(instruments) > 1 and any(
            "improvement" in s["all"] for s in systems.values()
        ):
            console.print(_instrument_table(set_name, systems, sorted(instruments)))


def _set_table(set_name: str, systems: dict[str, Any], speeds: dict[str, Any]) -> Table:
    headings = {
        "items": "n",
        "gain": "improvement",
        "mean gain": "improvement_mean",
        "SI-SDR": "si_sdr",
        "SNR": "snr",
        "SDR": "sdr",
        "SIR": "sir",
        "SAR": "sar",
        "ISR": "isr",
        "swap": "swap_margin",
        "absent": "absent_level",
    }
    shown = {
        heading: key
        for heading, key in headings.items()
        if any(key in row["all"] for row in systems.values())
    }
    intervals = ["95 % of gain"] if "gain" in shown else []
    columns = map(_numbers, (*shown, *intervals, "parameters", "real time"))
    title = f"{set_name}: medians in dB"
    table = Table("system", *columns, title=title, title_justify="left")
    for name, row in systems.items():
        cells = [
            str(row["all"]["n"]) if key == "n" else _cell(row["all"].get(key))
            for key in shown.values()
        ]
        if "gain" in shown:
            low, high = row["all"].get("improvement_interval", (None, None))
            cells.append(f"{_cell(low)} to {_cell(high)}")
        speed = speeds[name]
        cells.append(f"{speed['n_parameters']:,}" if speed["n_parameters"] else "-")
        cells.append(f"{speed['real_time_factor']:.3f}")
        table.add_row(name, *cells)
    return table


def _instrument_table(
    set_name: str, systems: dict[str, Any], instruments: list[str]
) -> Table:
    title = f"{set_name}: median gain in SI-SDR, dB"
    columns = map(_numbers, instruments)
    table = Table("system", *columns, title=title, title_justify="left")
    for name, row in systems.items():
        gains = (row["instruments"].get(i, {}).get("improvement") for i in instruments)
        table.add_row(name, *map(_cell, gains))
    return table


def _cell(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.1f}"


def _numbers(heading: str) -> Column:
    return Column(heading, justify="right")


def _values(
    rows: Iterable[Score], value: Callable[[Score], float | None]
) -> list[float]:
    return [v for row in rows if (v := value(row)) is not None]


def _group(rows: Iterable[Any], key: Callable[[Any], str]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups
