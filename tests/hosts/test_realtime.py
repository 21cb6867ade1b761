# SPDX-License-Identifier: GPL-3.0-or-later
"""In real time the plugin calls nothing that may wait, whatever happens meanwhile."""

import subprocess
import sys

import numpy as np
import pytest

import requinto
from editor_user import User
from models import write_exported
from shell import SUPPORT, busy_cores, notified_values, run, run_host, watcher
from sounds import RATE, noise
from view_host import (
    FORMATS,
    Talk,
    command,
    environment,
    open_host,
    report_of,
)
from x_server import x_server

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


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_watcher_is_in_the_host_with_windows(format_name):
    with x_server() as (display, _):
        for options, is_caught in (((), False), (("--sin", "malloc"), True)):
            result = run(
                *command(format_name, "--seconds", "0.2", *options),
                env=environment(display) | {"LD_PRELOAD": str(watcher())},
            )
            assert result.returncode == 0, result.stderr
            assert (report_of(result.stdout)["n_watched"] > 0) == is_caught


def edit_everything(user):
    """Change every parameter of the window, and open and close what opens."""
    for name, control in user.controls.items():
        if control.kind == "list":
            user.choose(name, len(control.choices) - 1)
            user.choose(name, 0)
        elif control.kind == "segments":
            for box in control.choices:
                user.click(box)
        elif control.kind == "slider":
            user.drag(control.track, 0.2, 93, 0, n_steps=40)
        elif control.kind == "number":  # the tempo, which only one source leaves free
            user.choose("beat_source", len(user.controls["beat_source"].choices) - 1)
            user.drag(control.digits, 0.5, 0, -60, n_steps=40)
            user.choose("beat_source", 0)
        elif control.kind == "switch":
            user.click(control.box)
            user.click(control.box)
    user.leave()


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("format_name", FORMATS)
def test_nor_does_any_while_the_window_is_in_use(tmp_path, neutral, format_name):
    """It is open and scrolls, and every parameter is changed there."""
    (0.3 * noise(8 * RATE)).T.astype(np.float32).tofile(tmp_path / "in.f32")
    options = ("--talk", "--in", tmp_path / "in.f32", "--tempo", "120")
    models = {"REQUINTO_MODELS": str(neutral), "LD_PRELOAD": str(watcher())}
    with (
        x_server("2000x900x24") as (display, _),
        open_host(display, format_name, *options, variables=models) as opened,
    ):
        client, process = opened
        talk, user = Talk(process), User(client)
        assert user.scrolls()
        edit_everything(user)
        assert user.scrolls()
        report, _ = talk.end()
    assert len({parameter for _, _, parameter, _ in report["edits"]}) == 11
    assert report["n_watched"] == 0, talk.rest()


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
