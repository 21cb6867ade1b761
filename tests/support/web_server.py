# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server in a process of its own, and what its tests do with it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np
import psutil
import soundfile

from commands import COMMAND
from models import write_exported
from session import made_once
from sounds import RATE, noise

LIMIT_S = 60  # for whatever is waited for
ENDING_S = 5  # after which a server that is ended must be gone


class Server(NamedTuple):
    """A running server."""

    url: str
    process: subprocess.Popen[str]
    folder: Path
    client: httpx.Client

    def send(self, content: bytes, name: str = "song.wav", **options: Any) -> Any:
        """Send a song; return the response."""
        files = {"file": (name, content)}
        return self.client.post("/api/songs", files=files, **options)

    def ready_song(self, content: bytes, name: str = "song.wav") -> dict[str, Any]:
        """Send a song, and return it when it is ready."""
        response = self.send(content, name)
        assert response.status_code == 201, response.text
        song = self.last_event(f"/api/songs/{response.json()['id']}")
        assert song["status"] == "ready", song
        return song

    def extract(self, song: dict[str, Any], **wanted: Any) -> dict[str, Any]:
        """Extract from a song, and return the extraction when it has ended."""
        return self.last_event(f"/api/extractions/{self.start(song, **wanted)['id']}")

    def start(self, song: dict[str, Any], **wanted: Any) -> dict[str, Any]:
        """Begin an extraction."""
        path = f"/api/songs/{song['id']}/extractions"
        response = self.client.post(path, json=wanted)
        assert response.status_code == 202, response.text
        return response.json()

    def events(self, path: str) -> list[dict[str, Any]]:
        """Return all states of a song or an extraction until it has ended."""
        with self.client.stream("GET", f"{path}/events") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            end_s, states = time.monotonic() + LIMIT_S, []
            for line in response.iter_lines():
                assert time.monotonic() < end_s, f"{path} does not end: {states[-1:]}"
                if line.startswith("data:"):
                    states.append(json.loads(line.removeprefix("data:")))
        return states

    def last_event(self, path: str) -> dict[str, Any]:
        """Wait until a song or an extraction has ended; return its state."""
        return self.events(path)[-1]

    def worker(self) -> psutil.Process:
        """Return the process that holds the models."""
        return wait_for(lambda: children(self.process.pid, "working"))[0]


def halving_models() -> Path:
    """Return a folder with a model that extracts half of everything."""
    return made_once("halving_models", lambda folder: write_exported(folder, gain=0.5))


@contextlib.contextmanager
def web_server(
    folder: Path,
    *options: str,
    ends_by: signal.Signals = signal.SIGTERM,
    **environment: str,
) -> Iterator[Server]:
    """Run a server until the end of a block, at which it must end as it should.

    Its model is that of `halving_models`, unless the environment names others.
    """
    process = start_server(folder, *options, **environment)
    try:
        with connected(process, folder) as server:
            yield server
    finally:
        processes = children(process.pid)
        process.send_signal(ends_by)
        try:
            _, said = process.communicate(timeout=ENDING_S)
        finally:
            process.kill()
            process.wait()
        assert not psutil.wait_procs(processes, timeout=ENDING_S)[1]
    assert said == f"requinto: ended by {ends_by.name}\n"  # and nothing before that
    assert process.returncode == 128 + ends_by


@contextlib.contextmanager
def connected(process: subprocess.Popen[str], folder: Path) -> Iterator[Server]:
    """Give a server that was started, when it answers."""
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("Requinto is at http://"), line
    url = line.split()[-1]
    with httpx.Client(base_url=url, timeout=LIMIT_S, trust_env=False) as client:
        yield Server(url, process, folder, client)


def _obey() -> None:
    """Let signals end the process, which nohup has ignored where tests are run so."""
    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)


def start_server(
    folder: Path, *options: str, **environment: str
) -> subprocess.Popen[str]:
    """Start a server on any port that is free."""
    if "REQUINTO_MODELS" not in environment:
        environment["REQUINTO_MODELS"] = str(halving_models())
    return subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--folder", str(folder), *options],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_obey,
    )


def children(pid: int, module: str = "") -> list[psutil.Process]:
    """Return the processes that a server has started, of a module or all."""
    processes = []
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if not module or module in process.cmdline():
                processes.append(process)
    return processes


def wait_for(condition: Callable[[], Any], limit_s: float = LIMIT_S) -> Any:
    """Return what a function returns as soon as it is something."""
    end_s = time.monotonic() + limit_s
    while not (value := condition()):
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.02)
    return value


def encode(sound: np.ndarray, form: str = "WAV", rate: int = RATE) -> bytes:
    """Return a sound `(n_channels, n_frames)` as the bytes of a file."""
    file = io.BytesIO()
    subtype = "FLOAT" if form == "WAV" else None
    soundfile.write(file, sound.T, rate, format=form, subtype=subtype)
    return file.getvalue()


def decode(content: bytes) -> np.ndarray:
    """Return the sound `(n_channels, n_frames)` in the bytes of a file."""
    samples, _ = soundfile.read(io.BytesIO(content), dtype="float64", always_2d=True)
    return samples.T


def song_of(duration_s: float, peak: float = 0.5, seed: int = 0) -> np.ndarray:
    """Return noise `(2, n_frames)` that reaches a peak."""
    sound = noise(round(duration_s * RATE), seed=seed)
    return (peak * sound / np.abs(sound).max()).astype(np.float32)
