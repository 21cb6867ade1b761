# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell snippets of the documentation, and what they need and leave."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import soundfile

from shell import ROOT
from sounds import clicks, noise

_FENCED = re.compile(
    r"(?P<not_run><!-- (?:not run|demo|tests)[^>]*-->\n)?^```sh\n(?P<text>.*?)^```$",
    re.S | re.M,
)
_SOUND = re.compile(r"\.(wav|flac|mp3|ogg|aiff|m4a)$")
_URL = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+[\w./]*")
_SERVER = re.compile(r"^requinto serve\b", re.M)
_OUTPUT_OPTIONS = {"-o", "--output", "--rest", "--plot", "--click", "--summary", ">"}
_RATE, _SONG_S, _SOLO_S = 22050, 4, 2
_LONG_SONG_S = 30  # where a snippet names times of it
_LIMIT_S = 180


class Snippet(NamedTuple):
    """A shell snippet of a page."""

    page: str
    index: int
    text: str
    is_run: bool

    @property
    def commands(self) -> list[list[str]]:
        """The words of each line, without comments."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]

    @property
    def is_server(self) -> bool:
        """Whether it starts a server in the foreground, which goes on."""
        return bool(_SERVER.search(self.text)) and "&\n" not in self.text

    @property
    def outputs(self) -> set[str]:
        """What it says that it writes, in options, redirections and comments."""
        names = set()
        for comment in re.findall(r"# writes (.*)$", self.text, re.M):
            names |= {word.strip(",") for word in comment.split()}
        for words in self.commands:
            for option, value in itertools.pairwise(words):
                if option in _OUTPUT_OPTIONS and not value.startswith("-"):
                    names.add(value)
        return names

    @property
    def inputs(self) -> set[str]:
        """The sound files that it reads."""
        words = {word for command in self.commands for word in command}
        return {w for w in words if _SOUND.search(w) and "*" not in w} - self.outputs


def find_snippets() -> list[Snippet]:
    """Return the shell snippets of README and of all pages in `docs`.

    Those that `.ci/run` and `tests/engine/test_docs.py` take from README are not run.
    """
    return [
        Snippet(path.name, i, match["text"], is_run=match["not_run"] is None)
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
        for i, match in enumerate(_FENCED.finditer(path.read_text()))
    ]


def write_inputs(folder: Path, snippet: Snippet) -> None:
    """Write what a snippet reads: songs and solos, short ones unless it names times.

    Beside what it names there are `live.mp3` and the folder `songs` of two.
    """
    songs = {"song.mp3", "live.mp3", "songs/one.mp3", "songs/two.flac"}
    for name in sorted(songs | snippet.inputs):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        seconds = _LONG_SONG_S if "--start" in snippet.text else _SONG_S
        seconds = _SOLO_S if "solo" in name else seconds
        sound = 0.3 * clicks(100, seconds, _RATE) + 0.02 * noise(seconds * _RATE, 2)
        soundfile.write(path, sound.T.astype(np.float32), _RATE)


def run_snippet(snippet: Snippet, folder: Path, variables: dict[str, str]) -> None:
    """Run a snippet in bash; raise if a command of it fails.

    A server that it starts is ended when it answers.
    """
    environment = {**os.environ, **variables, "PYTHONUNBUFFERED": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    if "HOME" in variables:  # those of a user, not of whoever runs the tests
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            environment.pop(name, None)
    if snippet.is_server:
        with _start(snippet.text, folder, environment, subprocess.PIPE) as process:
            _wait_for_answer(process)
        return
    # No pipe, which what goes on in the background would hold open
    with tempfile.TemporaryFile("w+") as output:
        with _start(snippet.text, folder, environment, output) as process:
            status = process.wait(timeout=_LIMIT_S)
        output.seek(0)
        assert status == 0, f"{snippet.text}\n{output.read()}"


@contextlib.contextmanager
def _start(
    text: str, folder: Path, environment: dict[str, str], output: int | IO[str]
) -> Iterator[subprocess.Popen[str]]:
    """Start bash in a group of its own, of which nothing goes on afterwards."""
    # Or bash becomes a last command, which then has no shell to complete words for
    text = f"{text}\ntrue\n"
    process = subprocess.Popen(
        ["bash", "-e", "-o", "pipefail", "-c", text],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)


def _wait_for_answer(process: subprocess.Popen[str]) -> None:
    """Read what a server prints until it says its address, and ask for its page."""
    assert process.stdout is not None
    timer = threading.Timer(_LIMIT_S, process.kill)
    timer.start()
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if address := _URL.search(line):
                with urllib.request.urlopen(address[0], timeout=60) as answer:
                    assert answer.status == 200
                return
    finally:
        timer.cancel()
    raise AssertionError(f"no address was printed: {''.join(lines)}")
