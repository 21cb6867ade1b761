# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory grows with a song only where a caller wants the whole of it."""

import importlib
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

import requinto
from requinto import audio, song_features
from requinto.config import TrackerConfig
from requinto_command import cli
from requinto_files import audio_reader, audio_writer
from requinto_files.sound_set import write_sounds
from shell import SUPPORT
from sounds import noise

extract_module = importlib.import_module("requinto.extract")
RATE = 24000  # Hz
SHORT_S, LONG_S = 130, 190  # the tracker looks at a minute at a time, and around it


class Tracker:
    """A tracker that reads features as the real one does, and lays a plain grid."""

    config = TrackerConfig()

    def track_features(self, columns, duration_s):
        """Return a beat each half second."""
        for start in range(0, len(columns), 3096):
            assert np.isfinite(columns[start : start + 4096]).all()
        return requinto.Beats.grid(120.0, duration_s)


@pytest.fixture(autouse=True)
def all_in_files(monkeypatch):
    """Let features go to a file from the first column on, not only in long songs."""
    monkeypatch.setattr(song_features, "_IN_MEMORY", 1)


@pytest.fixture
def run(monkeypatch, tmp_path, unchanged_model):
    """Return a function that runs the command, with no network, in a folder."""
    monkeypatch.setattr(extract_module, "load_tracker", lambda *_: Tracker())
    monkeypatch.setattr(cli, "install_signal_handlers", lambda: None)
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["requinto", *arguments, "--overwrite"])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not stop.value.code

    return call


def copies(work):
    """Return how many copies of a song a work's memory grows by, as songs get longer.

    `work` is called with the seconds of a song in stereo.
    """
    peaks = []
    for seconds in (SHORT_S, SHORT_S, LONG_S):  # what is kept for good comes first
        tracemalloc.start()
        work(seconds)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return (peaks[2] - peaks[1]) / ((LONG_S - SHORT_S) * RATE * 2 * 4)


@pytest.fixture
def songs(tmp_path):
    """Write a song of each length."""
    for seconds in (SHORT_S, LONG_S):
        sound = 0.5 * noise(seconds * RATE)
        soundfile.write(tmp_path / f"{seconds}.wav", sound.T, RATE, subtype="FLOAT")
        soundfile.write(tmp_path / f"{seconds}.flac", sound.T, RATE)


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_extracting_holds_nothing(run, songs, ending):
    outputs = ("-o", f"part.{ending}", "--rest", f"rest.{ending}")
    n_copies = copies(lambda s: run("extract", f"{s}.{ending}", *outputs))
    assert n_copies < 0.1


@pytest.mark.parametrize("given", ["song", "grid"])
def test_an_array_is_extracted_into_another(unchanged_model, monkeypatch, given):
    monkeypatch.setattr(extract_module, "load_tracker", lambda *_: Tracker())
    sound = noise(LONG_S * RATE)
    grid = requinto.Beats.grid(120.0, LONG_S) if given == "grid" else None
    n_copies = copies(
        lambda s: requinto.extract(sound[:, : s * RATE], RATE, beats=grid)
    )
    assert 0.95 < n_copies < 1.1


_PEAK = """
import sys
import test_memory
from unchanged import Unchanged
from requinto_command import cli
extract = test_memory.extract_module
extract.load_tracker = lambda *_: test_memory.Tracker()
extract.load_separator = lambda *_: Unchanged()
try:
    cli.main()
finally:
    with open("/proc/self/status") as status:
        print([line for line in status if line.startswith("VmHWM")][0].split()[1])
"""


def peak_mb(*arguments):
    """Return the most memory that the command takes, in a process of its own."""
    path = f"{Path(__file__).parent}{os.pathsep}{SUPPORT}"
    result = subprocess.run(
        [sys.executable, "-c", _PEAK, *arguments, "--overwrite"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(result.stdout.split()[-1]) / 1e3


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_the_process_does_not_grow_with_a_song(tmp_path, monkeypatch, ending):
    """Of which the two would take 230 MB, as floats."""
    monkeypatch.chdir(tmp_path)
    minute = 0.5 * noise(60 * 8000).T
    peaks = []
    for n_minutes in (2, 30):
        with soundfile.SoundFile(
            *(f"song.{ending}", "w", 8000, 2), subtype="PCM_16"
        ) as file:
            for _ in range(n_minutes):
                file.write(minute)
        outputs = ("-o", f"part.{ending}", "--rest", f"rest.{ending}")
        peaks.append(peak_mb("extract", f"song.{ending}", *outputs))
    assert peaks[1] - peaks[0] < 25


def test_clicking_holds_the_song_and_what_is_written(run, songs, monkeypatch):
    monkeypatch.setattr(requinto, "sections", lambda *arguments, **options: [])
    n_copies = copies(lambda s: run("beats", f"{s}.wav", "--click", "clicks.flac"))
    # And two tracks of clicks, in mono
    assert n_copies < 3.2


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_reading_holds_the_song(songs, tmp_path, ending):
    n_copies = copies(lambda s: audio_reader.read(tmp_path / f"{s}.{ending}"))
    assert 0.95 < n_copies < 1.05


@pytest.mark.parametrize("ending", audio_writer.ENDINGS)
def test_writing_holds_nothing(tmp_path, ending):
    sound = 1.5 * noise(LONG_S * RATE)
    bit_depth = 16 if ending in (".wav", ".flac", ".aiff") else None

    def write(seconds):
        part = sound[:, : seconds * RATE]
        path = tmp_path / f"{seconds}{ending}"
        rest = tmp_path / f"{seconds}-rest{ending}" if bit_depth else None
        blocks = (
            [np.float32(0.9) * block, block][: 2 if rest else 1]
            for block in np.split(part, range(RATE, part.shape[1], RATE), axis=1)
        )
        write_sounds(
            *((path,), blocks, part.shape, RATE),
            **{"rest": rest, "bit_depth": bit_depth, "overwrite": True},
        )

    assert copies(write) < 0.05


def test_looking_at_a_song_holds_nothing():
    sound = noise(LONG_S * RATE)

    def look(seconds):
        part = sound[:, : seconds * RATE]
        audio.check_samples(part, RATE)
        audio.channel_statistics(part)

    assert copies(look) < 0.05


@pytest.mark.parametrize("n_channels", [1, 2])
def test_statistics_of_a_song(n_channels):
    sound = noise(3 * RATE, n_channels) + np.float32(0.25)
    statistics = audio.channel_statistics(sound)
    exact = sound.astype(np.float64)
    powers = np.square(exact).mean(axis=1)
    np.testing.assert_allclose(statistics.means, exact.mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(statistics.mean_squares, powers, rtol=1e-9)
