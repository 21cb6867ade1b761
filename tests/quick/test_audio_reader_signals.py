# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions and signals that come while a file is read are not lost."""

import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile

from encoded_sounds import KINDS, SOUND, encode_song, write_file
from requinto import audio
from requinto_files import audio_reader, audio_streams, mpeg_frames
from requinto_files.audio_segments import FileWindow
from sounds import RATE


class Stopped(BaseException):
    """What a signal handler raises."""


def stop(*_):
    raise Stopped


@pytest.mark.parametrize("kind", ["flac", "mp3", "wav"])
@pytest.mark.parametrize("n_before", [0, 1, 2])
def test_what_is_raised_while_a_file_is_read_is_not_lost(
    tmp_path, monkeypatch, kind, n_before
):
    content = encode_song(kind)
    if kind == "mp3":  # without a count, which is put before it
        content = content[mpeg_frames.parse_header(content).n_bytes :]
    path = write_file(tmp_path, content * 3, f"song.{kind}")
    readinto, n_left = FileWindow.readinto, [n_before]

    def stop_later(self, buffer):
        n_left[0] -= 1
        return readinto(self, buffer) if n_left[0] >= 0 else stop()

    monkeypatch.setattr(FileWindow, "readinto", stop_later)
    with pytest.raises(Stopped):
        audio_reader.read_available(path)


def refuse_callbacks_in_the_main_thread(monkeypatch):
    start = soundfile.SoundFile._init_virtual_io

    def init(self, file):
        assert threading.current_thread() is not threading.main_thread()
        return start(self, file)

    monkeypatch.setattr(soundfile.SoundFile, "_init_virtual_io", init)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("copies", [1, 2])
def test_no_signal_comes_while_libsndfile_calls_python(
    tmp_path, monkeypatch, kind, copies
):
    content = encode_song(kind) * copies
    path = write_file(tmp_path, content, f"song.{kind}")
    refuse_callbacks_in_the_main_thread(monkeypatch)
    assert audio_reader.read_available(path).samples.shape[1] >= SOUND.shape[1]
    assert audio_reader.decode(content).samples.shape[1] >= SOUND.shape[1]
    monkeypatch.setattr(audio_streams, "has_number", lambda file: False)  # Windows
    assert audio_reader.read_available(path).samples.shape[1] >= SOUND.shape[1]
    assert audio.decode(audio.encode_flac(SOUND, RATE))[0].shape == SOUND.shape


# A file that was just opened is closed by its destructor, which warns
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("has_number", [True, False])
def test_a_signal_while_a_file_is_read_is_raised(
    tmp_path, monkeypatch, kind, has_number
):
    path = write_file(tmp_path, encode_song(kind) * 3, f"song.{kind}")
    if not has_number:
        monkeypatch.setattr(audio_streams, "has_number", lambda file: False)
    before = signal.signal(signal.SIGALRM, stop)
    n_raised = 0
    try:
        for delay_s in np.linspace(0.0005, 0.02, 20):
            try:
                signal.setitimer(signal.ITIMER_REAL, delay_s)
                while signal.getitimer(signal.ITIMER_REAL)[0]:
                    audio_reader.read_available(path)
            except Stopped:
                n_raised += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert n_raised >= 19  # Python itself drops what is raised in a destructor


def test_an_interpreter_ends_while_a_file_is_being_read(tmp_path):
    """What reads it is closed when no other thread runs any more."""
    path = write_file(tmp_path, encode_song("wav"), "song.wav")
    program = (
        "import sys\n"
        "from requinto_files.audio_reader import open_sound\n"
        "def read():\n"
        "    with open_sound(sys.argv[1]) as reader:\n"
        "        blocks = reader.blocks()\n"
        "        next(blocks)\n"
        "        raise ValueError('never caught')\n"
        "read()\n"
    )
    command = [sys.executable, "-c", program, path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "never caught" in done.stderr
