# SPDX-License-Identifier: GPL-3.0-or-later
"""A signal ends the command with its status, and leaves the terminal as it was."""

import contextlib
import os
import pty
import signal
import sys
import time

import pytest
import soundfile

from commands import interrupt
from sounds import RATE, noise


@pytest.mark.parametrize("delay_s", [0.2, 0.5, 1.0, 2.0])
def test_ctrl_c_at_any_time_is_reported(song, tmp_path, delay_s):
    """While it imports, reads, loads the network or works."""
    long = tmp_path / "long.wav"
    soundfile.write(long, 0.3 * noise(240 * RATE).T, RATE)
    result = interrupt(
        ["extract", long, "-o", tmp_path / "out.wav"], lambda _: time.sleep(delay_s)
    )
    assert result == (130, "", "requinto: stopped\n")
    assert {p.name for p in tmp_path.iterdir()} == {"song.wav", "long.wav"}


# The command in an interpreter that takes a while to end, and says when it begins to
SLOW_END = """
import atexit, os, time
def end():
    os.write(1, b"the end")
    time.sleep(1.0)
atexit.register(end)
from requinto_command import main
main()
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["--version"], 0, ""),
        (["extract", "none.wav"], 2, "requinto: none.wav does not exist\n"),
    ],
)
def test_a_signal_that_comes_too_late_changes_nothing(
    arguments, status, message, signum
):
    def until(process):
        while b"the end" not in os.read(process.stdout.fileno(), 1000):
            assert process.poll() is None

    command = [sys.executable, "-c", SLOW_END]
    ended = interrupt(arguments, until, signum, command)
    assert ended == (status, "", message)


def test_a_terminal_stays_as_it_was(song, tmp_path):
    """The cursor, which a progress bar hides, comes back after Ctrl-C."""
    long = tmp_path / "long.wav"
    soundfile.write(long, 0.3 * noise(240 * RATE).T, RATE)
    screen, terminal = pty.openpty()
    text = b""

    def until(process):
        nonlocal text
        while b"Extracting" not in text:
            text += os.read(screen, 1000)

    arguments = ["extract", long, "-o", tmp_path / "out.wav"]
    environment = {**os.environ, "TERM": "xterm"}
    status, _, _ = interrupt(arguments, until, stderr=terminal, env=environment)
    os.close(terminal)
    with contextlib.suppress(OSError):  # how a terminal ends
        while more := os.read(screen, 1000):
            text += more
    assert status == 130
    assert text.rfind(b"\x1b[?25h") > text.rfind(b"\x1b[?25l")
    assert text.count(b"requinto: stopped") == 1
