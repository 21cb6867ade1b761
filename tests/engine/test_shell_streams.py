# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stdout, stderr and names are, the command does its work or says why not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from commands import COMMAND, LIGHT, command
from sounds import RATE


@pytest.mark.parametrize("n_lines", [0, 1])
def test_a_reader_that_leaves_is_no_error(n_lines):
    reader = f"head -n {n_lines}"
    words = " ".join(f"'{word}'" for word in COMMAND)
    script = f"{words} targets | (sleep 5; {reader}); echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stderr == ""
    assert result.stdout.splitlines()[-1] in ("0", "141")


def test_a_pipe_that_is_closed_shows_in_the_status():
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(
        [*COMMAND, "targets"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_stdout_is_reported(unbuffered):
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    options = {"stderr": subprocess.PIPE, "env": environment, "check": False}
    with open("/dev/full", "w") as full:
        result = subprocess.run([*COMMAND, "targets"], stdout=full, **options)
    assert result.returncode == 2
    assert result.stderr == b"requinto: standard output: No space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_do_no_harm(song, tmp_path, closed):
    (tmp_path / "command.py").write_text(LIGHT)
    script = f"'{sys.executable}' command.py extract song.wav -o out.wav {closed}"
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True)
    sounds = [soundfile.read(tmp_path / name)[0] for name in ("song.wav", "out.wav")]
    assert np.abs(sounds[0] - sounds[1]).max() < 1e-5


@pytest.mark.parametrize(
    ("stderr", "error"),
    [
        ("2>&-", ""),
        ("2>/dev/full", ""),
        ("2> >(true)", ""),  # a reader that leaves
        ("", r"requinto: warning: e\x1b[31m\u202e.wav is not whole: it was cut off"),
    ],
)
def test_a_warning_stops_nothing(song, tmp_path, stderr, error):
    """And stays off stdout, and off the terminal's controls."""
    content = song.read_bytes()
    name = "e\x1b[31m\u202e.wav"
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    (tmp_path / "command.py").write_text(LIGHT)
    words = f"'{sys.executable}' command.py extract '{name}' -o out.wav --json"
    result = subprocess.run(
        ["bash", "-c", f"{words} {stderr}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "it was cut off" in json.loads(result.stdout)["input_problems"][0]
    assert result.stderr.startswith(error) and result.stderr.count("\n") == bool(error)
    assert soundfile.info(tmp_path / "out.wav").frames > 0.9 * RATE


ENCODINGS = [
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "latin-1:strict"},
    {"PYTHONUTF8": "1"},
]


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: next(iter(e)))
def test_any_name_is_written_and_printed(song, tmp_path, encoding):
    """After the work, and names of bytes that are no text."""
    environment = {**os.environ, **encoding}
    for name in ("g\u00fcira \u266b.wav".encode(), b"caf\xe9.wav"):
        path = tmp_path / os.fsdecode(name)
        options = {"cwd": tmp_path, "env": environment, "program": LIGHT}
        result = command("extract", song, "-o", path, **options)
        assert (result.returncode, result.stderr) == (0, b"")
        assert b".wav" in result.stdout
        if name.startswith(b"caf"):
            assert result.stdout == os.fsencode(path) + b"\n"
        assert os.path.getsize(os.fsencode(tmp_path) + b"/" + name) > 1000
        again = command("extract", path, "-o", b"again.wav", **options)
        assert (again.returncode, again.stderr) == (0, b"")
        os.remove(tmp_path / "again.wav")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (b"caf\xe9.wav", rb"caf\xe9.wav does not exist"),
        (b"x" * 300 + b".wav", b"File name too long"),
        (b"two\nlines\x1b[2J.wav", rb"lines\x1b[2J.wav does not exist"),
    ],
)
def test_names_in_errors_are_shown_with_escapes(tmp_path, name, message):
    result = command("extract", name, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr and result.stderr.count(b"\n") == 1
