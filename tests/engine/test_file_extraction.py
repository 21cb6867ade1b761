# SPDX-License-Identifier: GPL-3.0-or-later
"""What is extracted into files adds up to the song, in each kind of file."""

import importlib
import os

import numpy as np
import pytest
import soundfile

import requinto
from requinto.arguments import Instrument
from requinto.file_extraction import Paths, extract_to_files
from requinto.song_file import open_song
from requinto_files import audio_reader
from sounds import RATE, noise
from unchanged import Unchanged

INSTRUMENTS = [Instrument("guitar", "guitar"), Instrument("bass", "bass")]
BEATS = requinto.Beats.grid(120.0, 4.0)
INTEGERS = [
    (ending, bits, song_bits)
    for ending in (".wav", ".flac", ".aiff")
    for bits in (16, 24)
    for song_bits in (16, 24)
    if song_bits <= bits
]


class Shared(Unchanged):
    """A separator that takes a share of each clip that no integers hold."""

    def separate_all(self, clips, sample_rate, query, sensitivity=0.5):
        """Return a third of each clip."""
        return [clip / np.float32(3.0) for clip in clips]


@pytest.fixture
def extract(monkeypatch, tmp_path):
    """Return a function that extracts two instruments of a sound that a file holds."""
    module = importlib.import_module("requinto.extract")
    monkeypatch.setattr(module, "load_separator", lambda *_: Shared())
    folder = tmp_path / "out"
    folder.mkdir()

    def call(sound, subtype, ending, bit_depth):
        soundfile.write(tmp_path / "song.wav", sound.T, RATE, subtype)
        names = ("guitar", "bass", "rest")
        files = [folder / f"{name}{ending}" for name in names]
        with open_song(tmp_path / "song.wav") as song:
            written = extract_to_files(
                *(song, INSTRUMENTS, Paths(tuple(files[:2]), files[2])),
                **{"beats": BEATS, "bit_depth": bit_depth},
            )
        assert sorted(os.listdir(folder)) == sorted(path.name for path in files)
        return written.levels, files

    return call


def integers(path):
    return soundfile.read(path, dtype="int32")[0].astype(np.int64)


@pytest.mark.parametrize(("ending", "bits", "song_bits"), INTEGERS)
def test_integers_add_up_to_the_song_exactly(
    extract, tmp_path, ending, bits, song_bits
):
    sound = np.clip(1.2 * noise(3 * RATE), -1, 1)  # clipped, as loud songs are
    levels, paths = extract(sound, f"PCM_{song_bits}", ending, bits)
    assert levels.gain == 1.0
    assert {soundfile.info(path).subtype for path in paths} == {f"PCM_{bits}"}
    expected = integers(tmp_path / "song.wav")
    np.testing.assert_array_equal(sum(map(integers, paths)), expected)
    assert np.count_nonzero(integers(paths[0])) > 0.9 * expected.size


@pytest.mark.parametrize("ending", [".wav", ".flac", ".aiff", ".ogg", ".mp3"])
def test_a_song_at_6_db_is_scaled_and_said_to_be(extract, ending):
    sound = 2 * noise(3 * RATE)
    sound *= 8 / 3  # so that a third of it exceeds full scale
    bits = None if ending in (".ogg", ".mp3") else 16
    levels, paths = extract(sound, "FLOAT", ending, bits)
    assert levels.gain == pytest.approx(3 / np.abs(sound).max(), rel=1e-4)
    assert levels.peak == pytest.approx(np.abs(sound).max() / 3, rel=1e-4)
    assert levels.path in map(str, paths)
    if bits:
        assert {soundfile.info(path).subtype for path in paths} == {"PCM_16"}
        total = sum(audio_reader.read(path)[0].astype(np.float64) for path in paths)
        assert np.abs(total - levels.gain * sound.astype(np.float64)).max() < 2.0**-15
