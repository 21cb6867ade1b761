# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound files come from stdin and go to stdout, or an error says why not."""

import functools
import os
import pty
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from encoded_sounds import encode_by_ffmpeg, encode_sound, needs_ffmpeg
from requinto_files import audio_reader
from sounds import RATE, noise

SOUND = 0.3 * noise(RATE)
# Reads a sound, and writes it as the kind that is named
COPY = """
import sys
from requinto_files import audio_reader, audio_writer, errors, streams
try:
    with streams.stdin_file() as source, streams.stdout_file(sys.argv[1]) as target:
        sound, rate = audio_reader.read(source)
        audio_writer.write(target, sound, rate)
except errors.AudioFileError as error:
    sys.exit(str(error))
except BrokenPipeError:
    sys.stdout = None  # nothing to flush
    sys.exit(141)
"""
# Says where the file is, and waits
WAIT = """
import signal
from requinto_files import streams
with streams.stdin_file() as source:
    print(source, flush=True)
    signal.pause()
"""


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a program whose temporary files are in a folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()

    def call(program, *arguments, **options):
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={**os.environ, "TMPDIR": str(folder)},
            **options,
        )

    yield call
    assert os.listdir(folder) == []


@pytest.fixture
def copy(start):
    """Return a function that copies a sound through pipes: status, stdout, stderr."""

    def call(content=None, ending=".wav", **options):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **options}
        with start(COPY, ending, stderr=subprocess.PIPE, **pipes) as process:
            out, error = process.communicate(content)
        return process.returncode, out, error.decode()

    return call


def decode(content, folder):
    path = folder / "decoded"
    path.write_bytes(content)
    return audio_reader.read(path)[0]


def test_the_content_says_what_it_is(copy, tmp_path):
    content = encode_sound("opus", SOUND)
    expected = decode(content, tmp_path)
    status, out, error = copy(content)
    assert (status, error) == (0, "")
    np.testing.assert_array_equal(decode(out, tmp_path), expected)


@needs_ffmpeg
def test_so_does_what_ffmpeg_reads(copy, tmp_path):
    source = tmp_path / "song.wav"
    source.write_bytes(encode_sound("wav", SOUND))
    path = encode_by_ffmpeg(source, tmp_path / "a.m4a")
    status, out, error = copy(path.read_bytes())
    assert (status, error) == (0, "")
    np.testing.assert_array_equal(decode(out, tmp_path), audio_reader.read(path)[0])


def test_other_kinds_go_to_stdout(copy, tmp_path):
    status, out, error = copy(encode_sound("wav", SOUND), ".mp3")
    assert (status, error) == (0, "")
    (tmp_path / "out").write_bytes(out)
    assert soundfile.info(tmp_path / "out").format == "MP3"
    assert decode(out, tmp_path).shape == SOUND.shape


def test_nothing_goes_out_where_something_fails(copy):
    status, out, error = copy(b"no sound at all" * 99)
    assert (status, out) == (1, b"")
    assert "standard-input cannot be read as sound" in error


def test_an_empty_input_is_called_so(copy):
    assert copy(b"") == (1, b"", "standard input is empty; a sound file is needed\n")


def test_terminals_are_refused_before_the_work(copy):
    terminal, side = pty.openpty()
    try:
        status, out, error = copy(stdin=side)
        assert (status, out) == (1, b"")
        assert error.startswith("standard input is a terminal; pipe a sound file into")
        # Before the sound is read, which is none
        status, _, error = copy(b"no sound", stdout=side)
        assert status == 1
        assert error.startswith("standard output is a terminal; redirect it to a file")
    finally:
        os.close(terminal)
        os.close(side)


@pytest.mark.parametrize(("number", "name"), [(0, "input"), (1, "output")])
def test_closed_streams_are_called_so(copy, number, name):
    close = functools.partial(os.close, number)
    options = {} if number else {"stdin": None}
    content = encode_sound("wav", SOUND) if number else None
    status, _, error = copy(content, preexec_fn=close, **options)
    assert status == 1
    assert error.startswith(f"standard {name} is closed; ")


def test_a_full_disk_is_called_so_when_it_is_read(copy):
    limit = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (9999, 9999))
    status, out, error = copy(encode_sound("wav", SOUND), preexec_fn=limit)
    assert (status, out) == (1, b"")
    assert error.startswith("standard input, kept as ")
    assert "there is no space left for it" in error


def test_a_full_disk_is_called_so_when_it_is_written(copy):
    with open("/dev/full", "wb") as full:
        status, _, error = copy(encode_sound("wav", SOUND), stdout=full)
    assert status == 1
    assert "standard output cannot be written: there is no space left for it" in error


def test_an_output_that_nobody_reads_is_a_broken_pipe(copy):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        status, _, error = copy(encode_sound("wav", SOUND), stdout=writer)
    finally:
        os.close(writer)
    assert (status, error) == (141, "")


@pytest.mark.parametrize("when", ["copied", "read"])
def test_a_signal_leaves_nothing(start, when):
    """While standard input arrives, and while the file is used."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    # Where the tests run in the background, as of nohup, SIGINT is ignored
    obey = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with start(WAIT, preexec_fn=obey, **pipes) as process:
        if when == "read":
            process.stdin.write(encode_sound("wav", SOUND))
            process.stdin.close()
            path = process.stdout.readline().decode().strip()
            assert path.endswith("standard-input") and os.path.exists(path)
            assert os.stat(path).st_mode & 0o077 == 0
        else:
            # More than a pipe holds: it is read once this has been written
            process.stdin.write(bytes(1 << 21))
            process.stdin.flush()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        assert process.returncode == -signal.SIGINT
