# SPDX-License-Identifier: GPL-3.0-or-later
"""A real recording, none of ours: the command and the plugin on a whole song.

The song is in Debian's pushover-data.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pedalboard
import pytest
import soundfile

import requinto
from sounds import error_db

SONG = Path("/usr/share/pushover/themes/castle.ogg")


@pytest.fixture(scope="module")
def song():
    assert SONG.exists(), "install Debian's pushover-data, as the README's command does"
    sound, rate = soundfile.read(SONG, dtype="float32")
    assert sound.shape[0] / rate > 150
    return np.ascontiguousarray(sound.T), rate


def test_the_command_on_a_whole_song(song, tmp_path):
    mixture, rate = song
    result = subprocess.run(
        [
            *(Path(sys.executable).parent / "requinto", "extract", SONG),
            *("--target", "guitar", "-o", tmp_path / "guitar.wav"),
            *("--rest", tmp_path / "rest.wav", "--plot", tmp_path / "song.png"),
            "--json",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(result.stdout)["sample_rate"] == rate
    assert (tmp_path / "song.png").stat().st_size > 10_000
    guitar, _ = soundfile.read(tmp_path / "guitar.wav", dtype="float32")
    rest, _ = soundfile.read(tmp_path / "rest.wav", dtype="float32")
    assert guitar.T.shape == rest.T.shape == mixture.shape
    assert np.isfinite(guitar).all()
    assert error_db(mixture, guitar.T + rest.T) < -120
    # It is made of the song, and lies where the song does
    assert 0.01 < np.std(guitar) / np.std(mixture) < 1
    lags = range(-300, 301)
    middle = mixture[0, 60 * rate : 80 * rate]
    likeness = [np.dot(middle, guitar[60 * rate + k : 80 * rate + k, 0]) for k in lags]
    assert lags[int(np.argmax(likeness))] == 0


@pytest.mark.plugin
def test_the_plugin_and_the_library_agree(song):
    mixture, rate = song
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    plugin.target, plugin.beat_source, plugin.tempo = "guitar", "Fixed tempo", 120.0
    output = plugin.process(mixture, rate)
    assert plugin.status == "Ready"
    grid = requinto.Beats.grid(tempo_bpm=120.0, duration_s=mixture.shape[1] / rate)
    expected = requinto.extract(mixture, rate, "guitar", beats=grid)
    assert output.shape == expected.shape
    assert error_db(expected, output) < -80
