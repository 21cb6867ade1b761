# SPDX-License-Identifier: GPL-3.0-or-later
"""The command between pipes, and what it shows on a terminal."""

import contextlib
import io
import json
import os
import pty
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile

from commands import LIGHT, command
from sounds import RATE, noise

BASS = ("extract", "-", "--target", "bass", "-o", "-")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Return the folder in which commands run; temporary files go to one in it."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not list((tmp_path / "temporary").iterdir())


def run(*arguments, **options):
    """Run the command over a model that changes nothing, in a process of its own."""
    return command(*arguments, program=LIGHT, **options)


@pytest.mark.parametrize(
    ("name", "form", "correlation"),
    [(None, "WAV", 1 - 1e-9), ("flac", "FLAC", 1 - 1e-9), ("ogg", "OGG", 0.5)],
)
def test_a_song_goes_through_pipes(song, name, form, correlation):
    options = ("--format", name) if name else ()
    with open(song, "rb") as file:
        result = run(*BASS, *options, stdin=file)
    assert (result.returncode, result.stderr) == (0, b"")
    assert soundfile.info(io.BytesIO(result.stdout)).format == form
    written, rate = soundfile.read(io.BytesIO(result.stdout))
    expected = soundfile.read(song)[0]
    assert (written.shape, rate) == (expected.shape, RATE)
    # Of white noise Vorbis keeps the levels, hardly the wave
    assert np.corrcoef(written.ravel(), expected.ravel())[0, 1] > correlation


def test_the_shell_command_of_the_documentation(song):
    words = f"'{sys.executable}' command.py extract - --target bass -o - > bass.wav"
    (song.parent / "command.py").write_text(LIGHT)
    subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"cat song.wav | {words}"], check=True
    )
    expected, written = (soundfile.read(name)[0] for name in ("song.wav", "bass.wav"))
    np.testing.assert_allclose(written, expected, atol=1e-7)


def test_outputs_of_standard_input_are_named_so(song):
    options = ("--rest", "parts/", "--plot", "parts/", "--json")
    result = run("extract", "-", *options, input=song.read_bytes())
    assert (result.returncode, result.stderr) == (0, b"")
    report = json.loads(result.stdout)
    assert (report["song"], report["output"]) == ("-", "stdin-guitar.wav")
    assert soundfile.info("stdin-guitar.wav").frames == 2 * RATE
    names = {path.name for path in (song.parent / "parts").iterdir()}
    assert names == {"stdin-rest.wav", "stdin-plot.png"}


def test_an_excerpt_and_the_rest_beside_standard_output(song):
    options = ("--start", "0.5", "--end", "1.5", "--rest", "rest.wav")
    result = run(*BASS, *options, input=song.read_bytes())
    assert (result.returncode, result.stderr) == (0, b"")
    written = soundfile.read(io.BytesIO(result.stdout))[0]
    expected = soundfile.read(song, start=RATE // 2, stop=RATE // 2 + RATE)[0]
    np.testing.assert_allclose(written, expected, atol=1e-7)
    assert np.abs(soundfile.read("rest.wav")[0]).max() < 1e-7


def test_beats_of_standard_input(song):
    result = run("beats", "-", "--json", input=song.read_bytes())
    assert (result.returncode, result.stderr) == (0, b"")
    assert json.loads(result.stdout)["tempo_bpm"] == 120


@pytest.mark.parametrize("words", [("extract", "-", "-o", "out.wav"), ("beats", "-")])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "standard input is empty; a sound file is needed"),
        (b"la la la\n" * 100, "standard input cannot be read as sound"),
    ],
)
def test_what_comes_in_is_no_sound(folder, words, content, message):
    result = run(*words, input=content)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.startswith(f"requinto: {message}".encode())
    assert result.stderr.count(b"\n") == 1
    assert [path.name for path in folder.iterdir()] == ["temporary"]


@pytest.mark.parametrize("words", [BASS, ("beats", "-")])
def test_what_is_missing_of_standard_input_is_said(song, words):
    content = song.read_bytes()
    result = run(*words, input=content[: len(content) // 2])
    assert result.returncode == 0
    warning = b"requinto: warning: standard input is not whole: it was cut off"
    assert result.stderr.startswith(warning) and result.stderr.count(b"\n") == 1
    if words == BASS:
        n_frames = len(soundfile.read(io.BytesIO(result.stdout))[0])
        assert n_frames == pytest.approx(RATE, 1e-2)


def test_a_level_that_is_lowered_names_standard_output(folder):
    sound = np.float32(3) * noise(RATE)
    soundfile.write("loud.wav", sound.T, RATE, subtype="FLOAT")
    result = run("extract", "loud.wav", "-o", "-", "--format", "flac")
    assert result.returncode == 0
    warning = b"requinto: warning: standard output cannot hold a peak of 3,"
    assert result.stderr.startswith(warning) and result.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("song.wav", "-o", "-", "--json"), "--json prints on standard output too"),
        (("song.wav", "-", "-o", "-"), "standard output takes one sound"),
        (
            ("song.wav", "--target", "bass", "--target", "bongo", "-o", "-"),
            "standard output takes one sound",
        ),
        (("song.wav", "--rest", "-"), "--rest cannot be standard output; --output can"),
        (("song.wav", "--plot", "-"), "--plot cannot be standard output; --output can"),
        (("-", "-", "-o", "out"), "- is given twice"),
        (("-", "stdin.wav", "-o", "out"), "- and stdin.wav have one name"),
    ],
)
def test_what_standard_streams_cannot_do(song, arguments, message):
    result = run("extract", *arguments, stdin=subprocess.DEVNULL)
    assert (result.returncode, result.stdout) == (2, b"")
    assert message in result.stderr.decode() and result.stderr.count(b"\n") == 1


def test_a_closed_standard_input_is_said(song):
    script = f"'{sys.executable}' command.py extract - -o out.wav <&-"
    (song.parent / "command.py").write_text(LIGHT)
    result = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
    assert result.returncode == 2 and result.stderr.count(b"\n") == 1
    assert b"standard input is" in result.stderr


def test_a_reader_that_leaves_ends_it(song):
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(
        [sys.executable, "-c", LIGHT, "extract", "song.wav", "-o", "-"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (result.returncode, result.stderr) == (141, b"")


def run_on_terminal(arguments, *, is_stdout):
    """Return a command's status, what a terminal of 200 columns shows, and stdout."""
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", LIGHT, *arguments],
        stdin=terminal,
        stdout=terminal if is_stdout else subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(terminal)
    shown = []

    def read():
        with contextlib.suppress(OSError):  # how a terminal ends
            while text := os.read(screen, 1 << 16):
                shown.append(text)

    reader = threading.Thread(target=read)
    reader.start()
    out, _ = process.communicate(timeout=120)
    reader.join(timeout=20)
    os.close(screen)
    plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", b"".join(shown))
    return process.returncode, plain.decode(), (out or b"").decode()


def test_a_terminal_shows_which_song_and_the_time_left(song):
    for name in ("two.wav", "three.wav"):
        (song.parent / name).write_bytes(song.read_bytes())
    songs = ("song.wav", "two.wav", "missing.wav", "three.wav")
    targets = ("--target", "guitar", "--target", "bass", "-o", "out")
    status, screen, out = run_on_terminal(
        ("extract", *songs, *targets), is_stdout=False
    )
    assert status == 2
    assert "Extracting guitar, bass, 2 of 4 " in screen
    assert re.search(r"4 of 4 .* 100% 0:00:00 left", screen)
    assert "requinto: missing.wav does not exist" in screen
    assert "requinto: 1 of 4 songs failed" in screen
    titles = ("guitar", "bass")
    names = [f"out/{s}-{t}.wav" for s in ("song", "two", "three") for t in titles]
    assert out.splitlines() == names and ".wav\n" not in screen.replace("\r", "")


def test_names_on_a_terminal_are_no_markup(song):
    name = "[red]so\x1b[2Jlo.wav"
    (song.parent / name).write_bytes(song.read_bytes())
    references = ("--reference", name, "--reference", "song.wav")
    arguments = ("extract", "song.wav", *references, "-o", "out")
    status, screen, _ = run_on_terminal(arguments, is_stdout=False)
    assert status == 0
    assert r"Extracting [red]so\x1b[2Jlo, song " in screen


def test_a_sound_is_not_written_to_a_terminal(song):
    arguments = ("extract", "song.wav", "-o", "-")
    status, screen, _ = run_on_terminal(arguments, is_stdout=True)
    assert status == 2
    assert "requinto: standard output is a terminal: name a file with" in screen


def test_a_song_is_not_read_from_a_terminal(folder):
    arguments = ("extract", "-", "-o", "out.wav")
    status, screen, _ = run_on_terminal(arguments, is_stdout=False)
    assert status == 2 and "requinto: standard input is a terminal" in screen
