# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches on a cluster: real schedulers and workers, and what is said of lost ones."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import pytest

from catalogues import ENVIRONMENT, outputs_of, unfinished, wait_for_songs, write_songs
from commands import interrupt
from requinto_batch import cluster
from requinto_batch.errors import BatchError
from requinto_batch.runner import Runner

# Workers let all others go first, and would take minutes to start beside other tests
pytestmark = pytest.mark.alone

# The command, that waits for schedulers for less time
IMPATIENT = [
    *(sys.executable, "-c"),
    "from requinto_batch import cluster; cluster._ANSWER_S = 5; "
    "from requinto_command import main; main()",
]


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_for_port(port):
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def running(*words):
    """Run a program of Dask."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *map(str, words)],
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("address", ["foo", "10.0.0.1:8786", "tcp://10.0.0.1", ""])
def test_an_address_of_no_scheduler_is_refused_at_once(address):
    with pytest.raises(BatchError, match=r"is such as tcp://.*, got "):
        cluster.connect(address).__enter__()


def test_a_scheduler_that_is_gone_is_said():
    class Client:
        dashboard_link = ""

        def submit(self, *arguments, **options):
            raise OSError("in <TCP (closed)>")

    with pytest.raises(BatchError, match="scheduler is gone"):
        list(Runner(Client()).run(print, []))


def test_a_cluster_is_used_and_its_absence_is_said(run, tmp_path, monkeypatch):
    songs = write_songs(tmp_path / "songs", "one.wav", "deep/two.flac")
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    words = ("batch", songs, "-o", "out", "--scheduler", address, "--json")
    with monkeypatch.context() as patches:
        patches.setattr(cluster, "_ANSWER_S", 0.5)
        status, _, err = run(*words)
        assert status == 2
        assert err.startswith(f"requinto: no Dask scheduler answers at {address}: ")
    local = ("--host", "127.0.0.1", "--no-dashboard")
    with running("scheduler", "--port", port, *local):
        wait_for_port(port)
        with monkeypatch.context() as patches:
            patches.setattr(cluster, "_ANSWER_S", 3)
            status, _, err = run(*words)
            assert status == 2
            assert f"the scheduler at {address} has no workers; start some" in err
        folder = ("--local-directory", tmp_path / "scratch")
        with running("worker", address, "--nthreads", 1, *local, *folder):
            monkeypatch.setattr(cluster, "_ANSWER_S", 60)  # its worker is starting
            status, out, err = run(*words)
            assert (status, json.loads(out)["done"]) == (0, 2), err
            monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0.1")
            with pytest.raises(BatchError, match=r"has requinto .*, here is 0\.0\.1"):
                cluster.connect(address).__enter__()
    assert set(outputs_of(tmp_path / "out")) == {
        *("one-guitar.flac", "deep/two-guitar.flac", "summary.csv"),
    }
    assert not unfinished(tmp_path / "out")


def test_a_scheduler_that_is_lost_is_one_message(tmp_path):
    write_songs(tmp_path / "songs", *(f"{i}.wav" for i in range(60)))
    out, port = tmp_path / "out", free_port()
    address = f"tcp://127.0.0.1:{port}"
    local = ("--host", "127.0.0.1", "--no-dashboard")
    folder = ("--local-directory", tmp_path / "scratch")
    words = ("batch", tmp_path / "songs", "-o", out, "--scheduler", address)
    with (
        running("scheduler", "--port", port, *local) as scheduler,
        running("worker", address, "--nthreads", 1, *local, *folder),
    ):
        wait_for_port(port)

        def kill_scheduler(process):
            wait_for_songs(process, out)
            scheduler.kill()

        # Signal 0 does nothing
        status, printed, err = interrupt(words, kill_scheduler, 0, IMPATIENT)
    assert (status, printed) == (2, "")
    dashboard, line = err.splitlines()
    assert dashboard.startswith("requinto: dashboard: ")
    assert line.startswith("requinto: the scheduler is gone (")
    assert line.endswith("); what is complete is kept")
    assert not unfinished(out)
