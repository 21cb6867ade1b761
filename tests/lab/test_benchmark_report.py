# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench shows what was measured, and says what was not."""

import pytest
from rich.console import Console

from bench_rows import made_up_row, problem_row
from requinto_lab.benchmark import (
    report,
)


def profile_of(**values):
    counts = {"template matching": 1e9, "network": 3e9, "beat network": 0}
    return {
        "seconds": 10.0,
        "whole_s": 0.4,
        "stages_s": {"resampling": 0.1, "network": 0.2, "beat network": 0.0},
        "missing": [],
        "multiply_adds": counts | {"problem": ""},
        "peak_per_s": 50e9,
        **values,
    }


def test_the_floor_is_work_over_peak():
    # Per second of what was profiled, which may be less than what was measured
    row = made_up_row(seconds=7200.0, profile=profile_of())
    ratios = report.floor_ratios(row)
    expected = {
        "to_networks": 2.0,  # 0.4 s of 0.2 s
        "gflop": 0.8,  # twice 4e9 over ten seconds
        "peak_gflops": 100.0,
        "floor_ms": 8.0,  # 4e9 / 50e9 s over ten seconds
        "to_floor": 5.0,  # 0.4 s of 0.08 s
    }
    assert ratios == pytest.approx(expected)
    unknown = profile_of(multiply_adds={"network": 1, "problem": "without keras"})
    ratios = report.floor_ratios(made_up_row(profile=unknown))
    assert ratios["to_floor"] is None
    assert ratios["to_networks"] == 2.0


def shown(rows):
    result = {
        "began": "2026-01-01T00:00:00+00:00",
        "ended": "2026-01-01T00:10:00+00:00",
        "machine": {
            "processor": "A processor",
            "cores": 2,
            "memory_bytes": 8e9,
            "blas": ["openblas Haswell"],
        },
        "versions": {"requinto": "0.1.0"},
        "rows": rows,
    }
    console = Console(width=200)
    with console.capture() as capture:
        report.show(result, console)
    text = capture.get()
    cells = [
        [cell.strip() for cell in line.strip("│┃ ").split("│")]
        for line in text.splitlines()
        if "│" in line
    ]
    return text, cells


def test_tables_show_what_was_measured_and_lines_what_was_not():
    missing = profile_of(missing=["requinto.templates:TemplateMatcher.template_shares"])
    text, cells = shown(
        [
            made_up_row(profile=missing),
            made_up_row("spleeter", factor=0.05, note="published weights"),
            problem_row("torch is not installed: pip install 'requinto[bench]'"),
            made_up_row(seconds=7200.0, factor=0.03),
            problem_row("skipped: about 9 s, more than --limit-s 5", "spleeter", 7200),
        ]
    )
    first = {row[0]: row[1:] for row in reversed(cells)}
    assert ["standard", "a system", "0.0200", "0.0300"] in cells
    assert ["spleeter", "a system, published weights", "0.0500", "-"] in cells
    assert ["standard", "a system", "2.50", "-"] in cells  # times as fast
    assert ["standard", "a system", "100", "100"] in cells  # MB
    assert ["standard", "1", "0.10", "0.20", "0.30", "0.40", "1.00", "0.80"] in cells
    assert ["standard", "1", "2.00", "0.800", "100", "8.00", "5.0"] in cells
    assert first["resampling"] == ["10.00"]
    assert first["all else"] == ["10.00"]
    lines = text.splitlines()
    assert (
        "umxhq: torch is not installed: pip install 'requinto[bench]' "
        "(10 s on 1 thread)"
    ) in lines
    assert (
        "spleeter: skipped: about 9 s, more than --limit-s 5 (2 h on 1 thread)" in lines
    )
    assert any("TemplateMatcher.template_shares is not there" in line for line in lines)
    assert "A processor, 2 cores, 8 GB; openblas Haswell" in lines


def test_tables_of_nothing_are_none():
    text, cells = shown([problem_row("torch is not installed")])
    assert not cells
    assert "umxhq: torch is not installed (10 s on 1 thread)" in text
