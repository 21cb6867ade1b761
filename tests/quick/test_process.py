# SPDX-License-Identifier: GPL-3.0-or-later
"""Cores are counted on every system."""

import os
import subprocess
import sys

import pytest

from requinto.process import count_cores

WITHOUT = """if True:
    import os, sys
    del os.sched_getaffinity
    sys.argv = ["requinto", "--version"]
    from requinto_command import main
    main()
"""
needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="this system has no affinity"
)


@needs_affinity
def test_cores_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 6})
    assert count_cores() == 3


@pytest.mark.parametrize(("n_cores", "expected"), [(8, 8), (None, 1)])
def test_without_affinity_they_are_the_machines(monkeypatch, n_cores, expected):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: n_cores)
    assert count_cores() == expected


@needs_affinity
def test_the_command_runs_without_affinity():
    """Its options say how many cores there are when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("requinto ")
