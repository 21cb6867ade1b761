# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench asks its children, and survives them."""

import json
import re
import time

import pytest

from bench_rows import RUN
from requinto_lab.benchmark import (
    jobs,
)


@pytest.mark.parametrize(
    ("status", "output", "errors", "problem"),
    [
        (1, b"", b"Traceback\nValueError: no\n", "ended with 1; .* ValueError: no"),
        (0, b"", b"", "ended with 0; its last line: nothing"),
        (0, b"not json\n", b"", "ended with 0"),
        (0, b"[1]\n", b"", "no record"),
        (0, b'{"other": 1}\n', b"", "no record"),
        (-9, b'{"runs": []}\n', b"", "ended by SIGKILL, as where memory runs out"),
        (-11, b"", b"", "ended by SIGSEGV$"),
    ],
)
def test_a_child_that_answers_nothing_costs_its_row_only(
    status, output, errors, problem
):
    record = jobs.read_answer(status, output, errors)
    assert list(record) == ["problem"]
    assert re.search(problem, record["problem"])


def test_the_last_line_of_a_child_is_its_answer():
    record = {"runs": [RUN]}
    output = b"a line of a library\n" + json.dumps(record).encode() + b"\n"
    assert jobs.read_answer(0, output, b"noise") == record


def child_that(code, monkeypatch, tmp_path):
    path = tmp_path / "child.py"
    path.write_text(code)
    monkeypatch.setattr(jobs, "CHILD", path)
    return jobs.Job("standard", 10.0, 2, str(tmp_path), "litert")


def test_a_child_knows_its_job_threads_and_runtime(monkeypatch, tmp_path):
    code = (
        "import json, os, sys\n"
        "names = ('OMP_NUM_THREADS', 'REQUINTO_THREADS', 'TF_NUM_INTRAOP_THREADS',\n"
        "         'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'REQUINTO_RUNTIME')\n"
        "print(json.dumps({'runs': [], 'job': json.loads(sys.argv[1]),\n"
        "                  'env': [os.environ[n] for n in names]}))\n"
    )
    job = child_that(code, monkeypatch, tmp_path)
    before = time.monotonic()
    answer = jobs.measure(job, 60)
    assert answer["env"] == ["2"] * 5 + ["litert"]
    assert before <= answer["job"].pop("started") <= time.monotonic()
    assert answer["job"] == job._asdict()


def test_a_child_that_hangs_is_ended(monkeypatch, tmp_path):
    job = child_that("import time; time.sleep(60)", monkeypatch, tmp_path)
    assert jobs.measure(job, 0.5) == {"problem": "stopped after 0 s"}


@pytest.mark.parametrize(
    ("raised", "problem"),
    [
        (
            "ModuleNotFoundError('no', name='torch')",
            "torch is not installed: pip install 'requinto[bench]'",
        ),
        ("OSError('no libtorch.so')", "it cannot be imported: no libtorch.so"),
    ],
)
def test_the_real_child_says_what_cannot_be_imported(
    monkeypatch, tmp_path, raised, problem
):
    (tmp_path / "torch.py").write_text(f"raise {raised}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    job = jobs.Job("htdemucs", 10.0, 1, str(tmp_path))
    assert jobs.measure(job, 120) == {"problem": problem}
