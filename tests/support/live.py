# SPDX-License-Identifier: GPL-3.0-or-later
"""An LV2 plugin in a live host: jalv, on a JACK server that has no sound card."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import jack
import numpy as np

PERIOD = 1024  # frames
WAIT_S = 150.0  # at most, for what a loaded machine may take long to do


def wait_for(what: str, condition) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.1)


@contextlib.contextmanager
def ended(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """End a process when the block ends."""
    with process:  # which closes its pipes
        try:
            yield process
        finally:
            process.terminate()
            process.wait(WAIT_S)


@contextlib.contextmanager
def server(rate: int) -> Iterator[str]:
    """Run a JACK server and yield its name."""
    name = f"requinto-{os.getpid()}"
    # -S: a cycle ends when all have played, however loaded the machine is
    command = ["jackd", "-n", name, "-S", "-r", "-t", "5000", "-d", "dummy"]
    command += ["-r", str(rate), "-p", str(PERIOD)]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with ended(subprocess.Popen(command, **pipes)):

        def answers() -> bool:
            with contextlib.suppress(jack.JackOpenError):
                client("probe", name).close()
                return True
            return False

        wait_for("a JACK server", answers)
        yield name


def client(name: str, server_name: str) -> jack.Client:
    """Return a client of the server."""
    return jack.Client(name, servername=server_name, no_start_server=True)


class Jalv:
    """A plugin in jalv, driven by its console."""

    def __init__(self, uri: str, folder: Path, server_name: str, **environment: str):
        environment = {
            **os.environ,
            "LV2_PATH": str(folder),
            "JACK_DEFAULT_SERVER": server_name,
            **environment,
        }
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            ["jalv", "-x", "-n", "requinto", uri],
            **{"stdin": pipe, "stdout": pipe, "stderr": subprocess.DEVNULL},
            **{"env": environment, "text": True, "bufsize": 1},
        )
        self._said = ""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            self._said += line

    def tell(self, line: str) -> None:
        """Write a line to the console."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def monitored(self, symbol: str) -> float | None:
        """Return the value of an output port, as printed last."""
        self.tell("monitors")
        values = re.findall(rf"\b{symbol} = (\S+)", self._said)
        return float(values[-1]) if values else None


class Wire:
    """Noise played into some ports, and what others give, cycle by cycle."""

    def __init__(self, server_name: str, n_channels: int = 2):
        self.sent: dict[int, np.ndarray] = {}  # by the cycle's frame
        self.recorded: dict[int, np.ndarray] = {}
        self._rng = np.random.default_rng(0)
        # One client for both would be a loop, which JACK breaks with a delay
        self._player = client("player", server_name)
        self._recorder = client("recorder", server_name)
        for c in range(n_channels):
            self._player.outports.register(f"out_{c}")
            self._recorder.inports.register(f"in_{c}")
        self._player.set_process_callback(self._play)
        self._recorder.set_process_callback(self._record)

    def _play(self, n_frames: int) -> None:
        shape = (len(self._player.outports), n_frames)
        block = self._rng.uniform(-1, 1, shape).astype(np.float32)
        for port, channel in zip(self._player.outports, block, strict=True):
            port.get_array()[:] = channel
        self.sent[self._player.last_frame_time] = block

    def _record(self, n_frames: int) -> None:
        block = [port.get_array().copy() for port in self._recorder.inports]
        self.recorded[self._recorder.last_frame_time] = np.stack(block)

    @contextlib.contextmanager
    def through(self, inputs: list[str], outputs: list[str]) -> Iterator[None]:
        """Play through these ports while the block lasts."""
        with self._recorder, self._player:
            for port, name in zip(self._player.outports, inputs, strict=True):
                self._player.connect(port, name)
            for port, name in zip(self._recorder.inports, outputs, strict=True):
                self._recorder.connect(name, port)
            yield

    def blocks(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what was sent and recorded in the same cycles."""
        cycles = sorted(self.sent.keys() & self.recorded.keys())
        first, last = cycles[0], cycles[-1]
        missed = {
            t for t in self.sent.keys() ^ self.recorded.keys() if first < t < last
        }
        assert not missed
        return tuple(
            np.concatenate([half[t] for t in cycles], axis=1)
            for half in (self.sent, self.recorded)
        )
