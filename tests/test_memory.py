# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory grows with a song by the song itself and what is made of it, no more."""

import importlib
import sys
import tracemalloc

import numpy as np
import pytest
import soundfile

import requinto
from requinto import audio, audio_reader, audio_writer
from requinto.apps import cli
from requinto.config import RhythmConfig
from requinto.rhythm import features
from sounds import noise

RATE = 48000  # Hz
SHORT_S, LONG_S = 70, 140  # the tracker looks at a minute at a time


class Tracker:
    """A tracker that looks at the song as the real one does, and lays a plain grid."""

    def track(self, sound, sample_rate):
        """Return a beat each half second."""
        features(sound, sample_rate, RhythmConfig())
        return requinto.Beats.grid(120.0, sound.shape[1] / sample_rate)


@pytest.fixture
def run(monkeypatch, tmp_path, unchanged_model):
    """Return a function that runs the command, with no network, in a folder."""
    extract = importlib.import_module("requinto.extract")
    monkeypatch.setattr(extract, "load_tracker", Tracker)
    monkeypatch.setattr(cli, "prepare_own_process", lambda: None)
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
def test_extracting_holds_the_song_and_the_part(run, songs, ending):
    outputs = ("-o", f"part.{ending}", "--rest", f"rest.{ending}")
    n_copies = copies(lambda s: run("extract", f"{s}.{ending}", *outputs))
    assert 1.9 < n_copies < 2.2


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
    sound = 0.5 * noise(LONG_S * RATE)

    def write(seconds):
        part, path = sound[:, : seconds * RATE], tmp_path / f"{seconds}{ending}"
        assert audio_writer.peak(part, part) == 0
        audio_writer.write(path, part, RATE, minus=part, gain=0.5, overwrite=True)

    assert copies(write) < 0.05


def test_looking_at_a_song_holds_nothing():
    sound = noise(LONG_S * RATE)

    def look(seconds):
        part = sound[:, : seconds * RATE]
        audio.checked(part, RATE)
        audio.channel_statistics(part)

    assert copies(look) < 0.05


@pytest.mark.parametrize("n_channels", [1, 2])
def test_statistics_of_a_song(n_channels):
    sound = noise(3 * RATE, n_channels) + np.float32(0.25)
    means, mean_squares = audio.channel_statistics(sound)
    exact = sound.astype(np.float64)
    np.testing.assert_allclose(means, exact.mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(mean_squares, np.square(exact).mean(axis=1), rtol=1e-9)
