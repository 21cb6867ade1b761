# SPDX-License-Identifier: GPL-3.0-or-later
"""`requinto bench` checks its options, and keeps what it measured."""

import json

import pytest

from bench_rows import made_up_row
from requinto_lab.benchmark import (
    jobs,
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--system", "x"], "unknown system 'x'"),
        (["--lengths", "1week"], "--lengths are from 1s to 24h"),
        (["--threads", "0"], "--threads must be from 1 to"),
        (["--runtime", "onnx"], "--runtime must be one of litert, tensorflow"),
        (["--json", "result.txt"], "must end in one of .json"),
        (["--limit-s", "0"], "--limit-s"),
    ],
)
def test_bad_options_are_one_line(run_command, options, message):
    status, _, errors = run_command("bench", *options)
    assert status == 2
    assert message in errors
    assert errors.count("\n") == 1


@pytest.fixture
def quick_answers(monkeypatch):
    monkeypatch.setattr(jobs, "measure", lambda job, limit_s: made_up_row(job.system))


def test_the_command_writes_and_replaces_nothing_unasked(
    run_command, tmp_path, quick_answers
):
    path = tmp_path / "result.json"
    options = ("bench", "--quick", "--system", "fast", "--json", path)
    assert run_command(*options)[0] == 0
    result = json.loads(path.read_text())
    assert [row["system"] for row in result["rows"]] == ["fast"]
    assert result["began"] <= result["ended"]
    assert result["versions"]["requinto"]
    assert result["machine"]["cores"] >= 1
    path.write_text("mine")
    status, _, errors = run_command(*options)
    assert (status, path.read_text()) == (2, "mine")
    assert "--overwrite" in errors
    assert run_command(*options, "--overwrite")[0] == 0


def test_what_is_measured_is_kept_when_the_bench_is_stopped(
    run_command, tmp_path, monkeypatch
):
    def stopped_at_the_second(job, limit_s):
        if job.seconds > 10:
            raise KeyboardInterrupt
        return made_up_row(job.system)

    monkeypatch.setattr(jobs, "measure", stopped_at_the_second)
    path = tmp_path / "result.json"
    options = ("--system", "fast", "--threads", "1", "--json", path)
    status, output, errors = run_command("bench", *options)
    assert (status, errors) == (130, "requinto: stopped\n")
    assert len(json.loads(path.read_text())["rows"]) == 1
    assert "Seconds for each second of sound" in output


def test_a_bench_that_measured_nothing_fails(run_command, monkeypatch):
    monkeypatch.setattr(jobs, "measure", lambda job, limit_s: {"problem": "no torch"})
    status, _, errors = run_command("bench", "--quick", "--system", "umxhq")
    assert status == 2
    assert errors == (
        "requinto: nothing was measured: umxhq: no torch (10 s on 1 thread)\n"
    )
