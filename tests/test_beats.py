# SPDX-License-Identifier: GPL-3.0-or-later
"""Grids lie where they are told, and beats go on as they were."""

import numpy as np
import pytest

import requinto
from requinto.beats import Beats
from requinto.errors import AudioError, BeatsError
from sounds import RATE


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


def test_continued_goes_on_at_the_last_tempo():
    times = np.concatenate([np.arange(0, 10, 0.5), np.arange(10, 20, 0.6)])
    longer = Beats(times, times[::4], 110).continued(40.0)
    np.testing.assert_allclose(np.diff(longer.times_s)[-20:], 0.6)
    # One beat that is out of place does not change it
    times[-1] += 0.1
    longer = Beats(times, times[::4], 110).continued(40.0)
    np.testing.assert_allclose(np.diff(longer.times_s)[-20:], 0.6)


@pytest.mark.parametrize("beats_s", [[], [1.0]])
def test_few_beats_go_on_at_the_tempo(beats_s):
    longer = Beats(np.array(beats_s), np.zeros(0), 120).continued(5.0)
    np.testing.assert_allclose(np.diff(longer.times_s), 0.5)


def test_moved_beats_keep_their_bars():
    grid = Beats.grid(100, 10.0, 0.2)
    later = grid.moved(3.0)
    np.testing.assert_allclose(later.times_s, grid.times_s + 3)
    np.testing.assert_allclose(later.downbeats_s, grid.downbeats_s + 3)
    assert (later.tempo_bpm, later.beats_per_bar) == (100, 4)


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
    for confidence in (-0.1, 1.1, float("nan")):
        with pytest.raises(BeatsError, match=r"confidence must be in \[0, 1\]"):
            Beats(np.arange(3.0), np.zeros(0), 120, 4, confidence)
    with pytest.raises(BeatsError, match="ascend"):
        Beats(np.array([0.0, 2.0, 1.0]), np.array([]), 120)
    with pytest.raises(BeatsError, match="finite"):
        Beats(np.array([0.0, np.inf]), np.array([]), 120)


def test_impossible_audio_is_refused():
    with pytest.raises(AudioError, match=r"0\.5 s or more"):
        requinto.beats(np.zeros(100, np.float32), RATE)
