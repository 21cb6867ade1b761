# SPDX-License-Identifier: GPL-3.0-or-later
"""In real time the plugin calls nothing that may wait, whatever happens meanwhile."""

import subprocess
import sys

import numpy as np
import pytest

import requinto
from models import write_exported
from shell import SUPPORT, busy_cores, notified_values, run_host
from sounds import RATE, noise

pytestmark = pytest.mark.plugin


@pytest.fixture(scope="module")
def neutral(tmp_path_factory):
    return write_exported(tmp_path_factory.mktemp("neutral"))


def caught(report):
    """Return what the watcher counted, by name and by number of system call."""
    return {
        key: int(count)
        for key, count in report.items()
        if key.startswith(("watched.", "dispatched."))
    }


@pytest.mark.parametrize(
    ("sin", "name", "number"),
    [
        ("malloc", "watched.malloc", None),
        ("lock", "watched.pthread_mutex_lock", None),
        ("clock", "watched.clock_gettime", None),
        ("syscall", "watched.syscall", "dispatched.110"),  # getppid
        ("hidden", None, "dispatched.110"),  # getppid by a name nobody watches
    ],
)
def test_the_watcher_finds_what_the_host_does_wrong(tmp_path, sin, name, number):
    sound = np.zeros((2, RATE // 2), np.float32)
    _, report, _ = run_host(
        requinto.plugin_path(),
        tmp_path,
        sound,
        *("--realtime", "--sin", sin),
        watched=True,
    )
    counts = caught(report)
    if name:
        assert counts[name] == int(report["blocks"])
    if report["syscall_dispatch"] == "on" and number:
        assert counts[number] == int(report["blocks"])
    assert (report["first_sin_at_block"] == "0") == bool(counts)


def test_without_a_sin_the_watcher_finds_nothing(tmp_path):
    sound = np.zeros((2, RATE), np.float32)
    _, report, _ = run_host(
        requinto.plugin_path(), tmp_path, sound, "--realtime", watched=True
    )
    assert not caught(report)
    assert report["watched_calls"] == report["dispatched_calls"] == "0"


def hectic(n_seconds):
    """Return a song that jumps, loops and stops, and changes of every setting."""
    lines, changes = [], []
    for i in range(2 * n_seconds):
        frame = i * RATE // 2 + 17 * i
        lines.append(f"at {frame} " + ("stop", f"play {i % 7}", f"jump {i}")[i % 3])
        lines.append(f"at {frame + 4000} tempo {90 + i % 50}")
        setting = (
            f"Amount={10 + i % 80}",
            f"Tempo={60 + i % 100}",
            f"Output={('Extracted', 'Everything else')[i % 2]}",
        )[i % 3]
        changes += ["--automate", f"{frame + 33}:{setting}"]
    lines.append(f"at {n_seconds * RATE} loop 0 1")
    lines.append(f"at {n_seconds * RATE} play 0")
    return lines, changes


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("block", [32, 64, 256, 2048])
def test_no_block_calls_what_may_wait(tmp_path, neutral, block):
    sound = noise(5 * RATE)
    sound[:, :RATE] = 0  # before any sound Python is not started
    transport, changes = hectic(120)
    with busy_cores():
        _, report, _ = run_host(
            requinto.plugin_path(),
            tmp_path,
            sound,
            *("--realtime", "--block", str(block), "--set", "Beat source=Fixed tempo"),
            # Until it is ready, for 3 s more, and then faster than it can follow
            *("--repeat", "60", "--after-ready", "3", "--hurry", "40", *changes),
            environment={"REQUINTO_MODELS": str(neutral)},
            transport=transport,
            watched=True,
            timeout_s=400,
        )
    status = notified_values(report, "Status")
    assert status[0] == "Starting"
    assert "Ready" in status
    assert status[-1] == "Late"
    assert not caught(report), report
    assert report["watched_calls"] == report["dispatched_calls"] == "0"
    assert report["process_waits"] == "0"  # by the kernel's own count


@pytest.mark.alone
@pytest.mark.slow
def test_the_figures_can_be_measured():
    script = SUPPORT / "realtime_figures.py"
    result = subprocess.run(
        [sys.executable, script, "--minutes", "0.05", "--block", "64"],
        capture_output=True,
        text=True,
        check=True,
    )
    head, row = result.stdout.splitlines()
    assert head.split()[:2] == ["block", "status"]
    assert row.split()[0] == "64"
    median, p999, worst = map(float, row.split()[2:5])
    assert 0 < median <= p999 <= worst
