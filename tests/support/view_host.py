# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the plain host with windows, and use the window from a second program."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import requinto
from shell import build, run
from x_server import LIMIT_S, XClient

FORMATS = ("vst3", "clap", "lv2")
# Of an instance without Python, whose status passes the dry signal
NO_PYTHON = {"REQUINTO_PYTHON": "/nowhere/python"}


def binary(format_name: str, bundle: Path | None = None) -> Path:
    """Return what a host of a format loads, beside a bundle of VST3."""
    bundle = bundle or requinto.plugin_path()
    return {
        "vst3": bundle,
        "clap": bundle.parent / "clap" / "Requinto.clap",
        "lv2": bundle.parent / "Requinto.lv2" / "Requinto.so",
    }[format_name]


def command(
    format_name: str, *options: str | Path, preset: str = "release"
) -> list[str]:
    """Return how the host is run; with the installed plugin, or one of a preset."""
    folder = build(preset)
    bundle = None if preset == "release" else folder / "Requinto.vst3"
    program = folder / "tests" / "plugin" / "view_host"
    words = (program, format_name, binary(format_name, bundle), *options)
    return [str(word) for word in words]


def environment(
    display: str, variables: dict[str, str] | None = None
) -> dict[str, str]:
    """Return that of a host, without Python unless it has variables of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("REQUINTO_")}
    return {**clean, **(variables or NO_PYTHON), "DISPLAY": display}


def report_of(text: str) -> dict:
    """Return what the host prints at its end."""
    return json.loads(text.splitlines()[-1])


def run_to_end(display: str, format_name: str, *options: str) -> tuple[dict, str]:
    """Run the host to its end; return its report, and its stderr."""
    result = run(*command(format_name, *options), env=environment(display), timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    return report_of(result.stdout) if result.stdout else {}, result.stderr


@contextlib.contextmanager
def open_host(
    display: str,
    format_name: str,
    *options: str | Path,
    variables: dict[str, str] | None = None,
) -> Iterator[tuple[XClient, subprocess.Popen]]:
    """Run the host while its window is open."""
    with subprocess.Popen(
        command(format_name, *options),
        env=environment(display, variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        client = None
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
            client = XClient(display)
            yield client, process
        finally:
            process.kill()
            if client:
                client.close()


def finish(process: subprocess.Popen) -> dict:
    """Wait for the end of a host that ends by itself; return its report."""
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, output + errors
    return report_of(output)


class Talk:
    """What a host that was run with `--talk` says, as it says it."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self._lines: queue.Queue[list] = queue.Queue()
        self._rest: list[str] = []  # what is said after the last line of the talk
        self._edits: list[list] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("["):
                self._lines.put(json.loads(line))
            else:
                self._rest.append(line)

    def gesture(self) -> list[list]:
        """Return the edits of the next gesture: `[kind, slot, id, value]` each."""
        edits = [*self._edits]
        self._edits = []
        while not edits or edits[-1][0] != "end":
            edits.append(self._lines.get(timeout=LIMIT_S))
        return edits

    def shown(self, parameter: int) -> tuple[float, str]:
        """Return a parameter's value from 0 to 1, and its text, as the host has them.

        Edits that came before are left for `gesture`.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"show {parameter}\n")
        self._process.stdin.flush()
        while True:
            kind, *rest = self._lines.get(timeout=LIMIT_S)
            if kind == "shows":
                assert rest[0] == parameter
                return rest[1], rest[2]
            self._edits.append([kind, *rest])

    def has_edits(self) -> bool:
        """Return whether there were edits that `gesture` has not returned."""
        return bool(self._edits) or not self._lines.empty()

    def rest(self) -> str:
        """Return what the host has said that is no edit."""
        return "".join(self._rest)

    def end(self) -> tuple[dict, str]:
        """Have the window closed and the host end; return its report, and stderr."""
        assert self._process.stdin is not None and self._process.stderr is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._listener.join()
        errors = self._process.stderr.read()
        assert self._process.returncode == 0, errors
        return report_of(self.rest()), errors
