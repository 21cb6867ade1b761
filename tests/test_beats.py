# SPDX-License-Identifier: GPL-3.0-or-later
"""Grids lie where they are told, and tracked beats where they are heard."""

import sys

import numpy as np
import pytest

import requinto
from requinto.beats import Beats
from requinto.errors import AudioError, BeatsError
from sounds import RATE, clicks, noise


@pytest.mark.parametrize("tempo_bpm", [20, 61.7, 120, 400])
@pytest.mark.parametrize("first_downbeat_s", [0.0, 0.4, 3.3])
@pytest.mark.parametrize("beats_per_bar", [1, 3, 4])
def test_grid_is_even_and_holds_its_downbeat(
    tempo_bpm, first_downbeat_s, beats_per_bar
):
    grid = Beats.grid(tempo_bpm, 30.0, first_downbeat_s, beats_per_bar)

    np.testing.assert_allclose(np.diff(grid.times_s), 60 / tempo_bpm)
    assert 0 <= grid.times_s[0] < 60 / tempo_bpm
    assert 30.0 - 60 / tempo_bpm < grid.times_s[-1] <= 30.0
    assert np.isclose(grid.downbeats_s, first_downbeat_s, atol=1e-9).any()
    bar_s = beats_per_bar * 60 / tempo_bpm
    np.testing.assert_allclose(np.diff(grid.downbeats_s), bar_s)


def test_continued_keeps_beats_and_bars():
    grid = Beats.grid(100, 10.0, 0.2)
    longer = grid.continued(60.0)

    assert longer.times_s[-1] > 60.0
    expected = Beats.grid(100, 70.0, 0.2).times_s[: len(longer.times_s)]
    np.testing.assert_allclose(longer.times_s, expected)
    np.testing.assert_allclose(np.diff(longer.downbeats_s), 2.4)


@pytest.mark.parametrize("rate", [22050, 48000])
@pytest.mark.parametrize("tempo_bpm", [90, 120, 150])
def test_clicks_are_found(rate, tempo_bpm):
    audio = clicks(tempo_bpm, 20.0, rate)
    found = requinto.beats(audio, rate)

    true = np.arange(0, 20, 60 / tempo_bpm)
    expected = true[(true > 2) & (true < 18)]  # the tracker's ends are loose
    distance = np.abs(found.times_s[:, None] - expected).min(axis=0)
    # The usual tolerance of beat tracking
    assert np.mean(distance < 0.07) > 0.95
    assert found.tempo_bpm == pytest.approx(tempo_bpm, rel=0.05)


def test_chunks_make_no_difference_to_where_beats_are(monkeypatch):
    audio = clicks(120, 30.0)
    whole = requinto.beats(audio, RATE)
    # The function `requinto.beats` hides the module of that name
    monkeypatch.setattr(sys.modules["requinto.beats"], "_CHUNK_S", 7.0)
    chunked = requinto.beats(audio, RATE)

    assert len(whole.times_s) == len(chunked.times_s)
    # One hop of the tracker
    assert np.abs(whole.times_s - chunked.times_s).max() < 0.025


@pytest.mark.parametrize("sound", ["silence", "sine", "noise", "one click"])
def test_without_beats_there_is_still_a_grid(sound):
    time_s = np.arange(8 * RATE) / RATE
    audio = {
        "silence": np.zeros(8 * RATE, np.float32),
        "sine": np.sin(2 * np.pi * 440 * time_s).astype(np.float32),
        "noise": noise(8 * RATE, 1)[0],
        "one click": np.eye(1, 8 * RATE, 4 * RATE, dtype=np.float32)[0],
    }[sound]

    found = requinto.beats(audio, RATE)

    longer = found.continued(20.0)
    assert len(longer.times_s) > 20
    assert np.all(np.diff(longer.times_s) > 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 10.0), "tempo_bpm must be from 20 to 400, got 0"),
        ((float("nan"), 10.0), "tempo_bpm"),
        ((120, 0.0), "duration_s"),
        ((120, float("inf")), "duration_s"),
        ((120, 10.0, float("nan")), "first_downbeat_s"),
        ((120, 10.0, 0.0, 0), "beats_per_bar"),
    ],
)
def test_impossible_grids_are_refused(arguments, message):
    with pytest.raises(BeatsError, match=message):
        Beats.grid(*arguments)


def test_impossible_beats_are_refused():
    with pytest.raises(BeatsError, match="ascend"):
        Beats(np.array([0.0, 2.0, 1.0]), np.array([]), 120)
    with pytest.raises(BeatsError, match="finite"):
        Beats(np.array([0.0, np.inf]), np.array([]), 120)


def test_impossible_audio_is_refused():
    with pytest.raises(AudioError, match=r"0\.5 s or more"):
        requinto.beats(np.zeros(100, np.float32), RATE)
