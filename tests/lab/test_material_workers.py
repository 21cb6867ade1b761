# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers end with the process that they work for, however it ends."""

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# Workers let all others go first, and would take minutes to start beside other tests
pytestmark = pytest.mark.alone

LIMIT_S = 20
# A worker writes its number and that of a program that it starts, and waits for it
JOBS = """
import os, pathlib, subprocess

def work(folder, *_):
    child = subprocess.Popen(["sleep", "600"])
    path = pathlib.Path(folder, f"{os.getpid()}.{child.pid}")
    path.touch()
    child.wait()
"""
POOL = """
import sys
from jobs import work
from requinto_lab.material.parallel import worker_pool

if __name__ == "__main__":
    with worker_pool(2, start_method="METHOD") as pool:
        jobs = [pool.submit(work, sys.argv[1]) for _ in range(2)]
        for job in jobs:
            job.result()
"""
# The command, over songs that take for ever
BUILD = """
import pathlib, sys
import jobs
from requinto_command import main
from requinto_lab.material import loops

if __name__ == "__main__":
    loops.render = jobs.work
    folder = pathlib.Path(sys.argv[1])
    config = folder.parent / "library.toml"
    config.write_text("[loops.test]\\nbachata = 2\\n")
    words = ["build", str(config), "-o", str(folder), "--workers", "2"]
    sys.argv = ["requinto", "data", *words]
    main()
"""
PARENTS = {
    "fork": POOL.replace("METHOD", "fork"),
    "spawn": POOL.replace("METHOD", "spawn"),
    "data build": BUILD,
}


def is_running(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(condition):
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
@pytest.mark.parametrize("kind", PARENTS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(tmp_path, number, kind):
    (tmp_path / "parent.py").write_text(PARENTS[kind])
    (tmp_path / "jobs.py").write_text(JOBS)
    (tmp_path / "jobs").mkdir()
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "parent.py", tmp_path / "jobs"],
        stderr=subprocess.DEVNULL,
        # Where the tests run in the background, SIGINT is ignored
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: len(list((tmp_path / "jobs").iterdir())) == 2)
    names = [path.name.split(".") for path in (tmp_path / "jobs").iterdir()]
    processes = [int(n) for pair in names for n in pair]
    assert all(map(is_running, processes))
    os.kill(parent.pid, number)
    parent.wait(LIMIT_S)
    if kind == "data build":
        status = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
        assert parent.returncode == status[number]
    wait_until(lambda: not any(map(is_running, processes)))
