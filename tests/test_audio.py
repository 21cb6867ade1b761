# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read was written, and what cannot be is refused in one clear line."""

import os
import stat

import numpy as np
import pytest

from requinto import audio
from requinto.errors import AudioError, AudioFileError
from sounds import RATE, error_db, noise


@pytest.mark.parametrize(
    ("ending", "worst_db"),
    # Float is exact; 24 bits leave -138 dB; Vorbis turns noise into other noise
    [(".wav", -200), (".aiff", -200), (".flac", -130), (".ogg", 6)],
)
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_files_come_back(tmp_path, ending, worst_db, n_channels, rate):
    sound = 0.5 * noise(rate, n_channels)
    path = tmp_path / f"sound{ending}"

    audio.write(path, sound, rate)
    back, rate_back = audio.read(path)

    assert rate_back == rate
    assert back.shape == sound.shape
    assert back.dtype == np.float32
    assert error_db(sound, back) < worst_db
    assert os.listdir(tmp_path) == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) & 0o044


def test_mp3_is_read(tmp_path):
    from pedalboard.io import AudioFile

    path = tmp_path / "song.mp3"
    with AudioFile(str(path), "w", RATE, 2) as file:
        file.write(0.1 * noise(RATE))

    sound, rate = audio.read(path)

    assert rate == RATE
    assert sound.shape[0] == 2
    assert sound.shape[1] == pytest.approx(RATE, abs=3000)  # the coder's padding


@pytest.mark.parametrize("shape", [(RATE,), (1, RATE), (2, RATE)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_good_audio_passes(shape, dtype):
    checked = audio.checked(np.ones(shape, dtype), RATE)
    assert checked.dtype == np.float32
    assert checked.shape == (shape[0] if len(shape) == 2 else 1, RATE)


@pytest.mark.parametrize(
    ("sound", "rate", "message"),
    [
        (np.zeros((2, 0), np.float32), RATE, "empty"),
        (np.zeros(0, np.float32), RATE, "empty"),
        (np.zeros((6, RATE), np.float32), RATE, r"1 or 2 channels.*\(6, 44100\)"),
        (np.zeros((1, 2, RATE), np.float32), RATE, "1 or 2 channels"),
        (np.zeros(int(0.2 * RATE), np.float32), RATE, r"0\.5 s or more, got 0\.200 s"),
        (np.full(RATE, np.nan, np.float32), RATE, "not finite"),
        (np.full(RATE, np.inf, np.float32), RATE, "not finite"),
        (np.zeros(RATE, np.int16), RATE, "floating-point samples, got int16"),
        (np.zeros(RATE, np.float32), 0, "sample rate"),
        (np.zeros(RATE, np.float32), -44100, "sample rate"),
        (np.zeros(RATE, np.float32), float("nan"), "sample rate"),
    ],
)
def test_bad_audio_is_refused(sound, rate, message):
    with pytest.raises(AudioError, match=message):
        audio.checked(sound, rate)


def test_infinities_of_both_signs_do_not_cancel():
    sound = np.zeros(RATE, np.float32)
    sound[:2] = np.inf, -np.inf
    with pytest.raises(AudioError, match="not finite"):
        audio.checked(sound, RATE)


def test_unreadable_files_are_refused(tmp_path):
    text = tmp_path / "song.wav"
    text.write_text("this is not a sound")
    empty = tmp_path / "empty.flac"
    empty.touch()

    with pytest.raises(AudioFileError, match="cannot be read as sound"):
        audio.read(text)
    with pytest.raises(AudioFileError, match="cannot be read as sound"):
        audio.read(empty)
    with pytest.raises(AudioFileError, match="is a folder"):
        audio.read(tmp_path)
    with pytest.raises(AudioFileError, match="does not exist"):
        audio.read(tmp_path / "nowhere.wav")


@pytest.mark.parametrize("name", ["out.xyz", "out", "no/such/folder/out.wav", "."])
def test_places_that_cannot_be_written_are_refused(tmp_path, name):
    with pytest.raises(AudioFileError):
        audio.write(tmp_path / name, noise(RATE), RATE)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    path = tmp_path / "out.wav"
    path.write_bytes(b"what was there")

    with pytest.raises(ZeroDivisionError), audio.whole_file(path) as unfinished:
        with open(unfinished, "wb") as file:
            file.write(b"half")
        raise ZeroDivisionError

    assert path.read_bytes() == b"what was there"
    assert os.listdir(tmp_path) == ["out.wav"]
