# SPDX-License-Identifier: GPL-3.0-or-later
"""A signal while the command works leaves nothing unfinished."""

import contextlib
import functools
import os
import pty
import signal
import subprocess
import sys
import threading
import time

import pytest

from commands import contents
from shell import SUPPORT

_SLOW = """
import importlib, os, sys, time
import numpy as np
import requinto
from unchanged import PlainTracker, Unchanged
from soundfile import SoundFile
from requinto_files import audio_writer
from requinto_command import cli
extract = importlib.import_module("requinto.extract")
extract.load_tracker = lambda *_: PlainTracker()
extract.load_separator = lambda *_: Unchanged()
if sys.argv.pop() == "write":
    def write(self, frames):
        SoundFile.write(self, frames)
        time.sleep(60 * (len(frames) > 1))  # not of the check
    audio_writer.SequentialFile.write = write
else:
    def separate_all(self, clips, rate, query, sensitivity=0.5):
        os.write(1, b"working\\n")  # print goes to the progress bar
        time.sleep(60)
    Unchanged.separate_all = separate_all
cli.main()
"""


def start_slowly(where, **options):
    """Return the command in a process of its own that takes its time."""
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    return subprocess.Popen(
        [sys.executable, "-c", _SLOW, "extract", "song.wav", "-o", "out.wav", where],
        env=environment,
        # Where the tests run under nohup, SIGHUP is ignored
        preexec_fn=functools.partial(signal.signal, signal.SIGHUP, signal.SIG_DFL),
        **options,
    )


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_while_it_writes_leaves_nothing(song, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    process = start_slowly("write", stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(contents(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert any(path.startswith(".requinto-") for path in contents(tmp_path))
    process.send_signal(signal.Signals[name])
    error = process.communicate(timeout=20)[1]
    assert process.returncode == 128 + signal.Signals[name]
    assert error == f"requinto: ended by {name}\n"
    assert set(contents(tmp_path)) == {"song.wav"}


def read_terminal(terminal, parts):
    with contextlib.suppress(OSError):  # its other side is closed
        while part := os.read(terminal, 1 << 16):
            parts.append(part)


def test_a_signal_while_it_works_shows_the_cursor_again(song, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    terminal, side = pty.openpty()
    process = start_slowly("work", stderr=side, stdout=subprocess.PIPE)
    os.close(side)
    parts = []
    reader = threading.Thread(target=read_terminal, args=(terminal, parts))
    reader.start()  # a terminal that nobody reads holds the command up
    assert process.stdout.readline() == b"working\n"
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=20)
    reader.join(timeout=20)
    screen = b"".join(parts)
    process.stdout.close()
    os.close(terminal)
    assert process.returncode == 143
    assert b"\x1b[?25l" in screen  # hidden
    assert screen.rindex(b"\x1b[?25h") > screen.rindex(b"\x1b[?25l")
    assert set(contents(tmp_path)) == {"song.wav"}


def test_a_signal_that_is_ignored_stays_so(monkeypatch):
    from requinto_command.signals import install_signal_handlers

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        install_signal_handlers()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
