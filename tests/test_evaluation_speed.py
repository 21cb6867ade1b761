# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurement of speed asks every model in every way."""

import os
import subprocess
import sys

import pytest

from models import write_neutral


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    folder = write_neutral(tmp_path_factory.mktemp("models"))
    script = [sys.executable, "-m", "requinto.evaluation.speed"]
    return subprocess.run(
        [*script, "--seconds", "6", "--columns", "16", "--times", "1"],
        env=os.environ | {"REQUINTO_MODELS": str(folder), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def rows(printed, n_columns):
    cells = [line.strip("│ ").split("│") for line in printed.splitlines()]
    found = [[cell.strip() for cell in row] for row in cells if len(row) == n_columns]
    assert found
    return found


def test_each_model_is_asked_by_reference_and_by_name(printed):
    factors = {(model, way): float(f) for model, way, f in rows(printed, 3)}
    ways = {
        "standard": ("a reference", "a name"),
        "beats": ("nothing", "nothing, live"),
    }
    assert set(factors) == {(m, way) for m, found in ways.items() for way in found}
    assert all(0 < factor < 1 for factor in factors.values())


def test_each_way_to_call_a_network_is_timed_in_each_precision(printed):
    times = {(m, p, w): float(ms) for m, p, w, ms in rows(printed, 4)}
    ways = ("one at a time", "4 at once", "fixed shapes", "XLA")
    assert set(times) == {
        ("standard", precision, way)
        for precision in ("float32", "mixed_bfloat16")
        for way in ways
    }
    assert min(times.values()) > 0
