# SPDX-License-Identifier: GPL-3.0-or-later
"""A C program that opens windows, without an editor, and what it paints."""

from __future__ import annotations

import os
import subprocess
import threading
import time

import numpy as np

from shell import build
from x_server import wait_until

WIDTH, HEIGHT = 300, 200


class WindowProgram:
    """The C program that opens windows, of which each line of output is an event."""

    def __init__(self, name, **variables):
        environment = {**os.environ, "DISPLAY": name, **variables}
        if not name:
            del environment["DISPLAY"]
        self.process = subprocess.Popen(
            [build("release") / "tests" / "plugin" / "test_window"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        self.n_taken = 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join(5)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def do(self, command):
        """Have a command done; return the lines that it has written."""
        n_before, n_done = len(self.lines), self.lines.count("done")
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        wait_until(lambda: self.lines.count("done") > n_done or not self.is_alive())
        return self.lines[n_before:]

    def is_alive(self):
        return self.process.poll() is None

    def open(self, number=0, parent=0, width=WIDTH, height=HEIGHT):
        """Open a window; return the number that the server gave it."""
        lines = self.do(f"open {number} {parent} {width} {height}")
        return int(next(line for line in lines if line.startswith("opened"))[7:])

    def next(self, kind, number=0):
        """Return the fields of the next event of a kind; those before it are over."""

        def look():
            for i in range(self.n_taken, len(self.lines)):
                if self.lines[i].startswith(f"{kind} {number} "):
                    self.n_taken = i + 1
                    return self.lines[i]
            return None

        end = time.monotonic() + 10
        while not (line := look()):
            assert time.monotonic() < end, f"no {kind} in {self.lines}"
            time.sleep(0.005)
        fields, path = line.split(" path=")
        values = dict(field.split("=") for field in fields.split()[2:])
        return {name: int(value) for name, value in values.items()} | {"path": path}

    def forget(self):
        """Forget events so far, once what has happened has arrived."""
        time.sleep(0.1)
        self.do("idle 50")
        self.n_taken = len(self.lines)

    def since(self):
        """Return the kinds of events since then."""
        time.sleep(0.1)
        self.do("idle 50")
        lines = self.lines[self.n_taken :]
        return [line.split()[0] for line in lines if " x=" in line]

    def end(self):
        """End the program; it must end well, with nothing to say on stderr."""
        self.process.stdin.close()
        status = self.process.wait(20)
        self.reader.join(5)
        complaints = self.process.stderr.read()
        assert (status, complaints) == (0, "")
        assert self.lines[-1] == "ended"


def picture(seed, width=WIDTH, height=HEIGHT):
    """Return the colours that the program paints."""
    x = np.arange(width, dtype=np.uint64) * 2654435761
    y = np.arange(height, dtype=np.uint64)[:, None] * 40503
    return ((x + y).astype(np.uint32) ^ np.uint32(seed)) & 0xFFFFFF


def parent_of(client, kind):
    """Return a window to open in, and its number; 0 for none."""
    if kind == "none":
        return None, 0
    window = client.window(2 * WIDTH, 2 * HEIGHT, 32 if kind == "deep" else 24)
    return window, window.id
