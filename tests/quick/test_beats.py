# SPDX-License-Identifier: GPL-3.0-or-later
"""Grids lie where they are told, and beats go on as they were."""

import numpy as np
import pytest

import requinto
from requinto.beats import Beats
from requinto.errors import AudioError, BeatsError
from sounds import RATE


def str_of(value):
    return repr(value)[:20] if not isinstance(value, int) else str(value % 10**9)


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
    longer = grid.extend(60.0)

    assert longer.times_s[-1] > 60.0
    expected = Beats.grid(100, 70.0, 0.2).times_s[: len(longer.times_s)]
    np.testing.assert_allclose(longer.times_s, expected)
    np.testing.assert_allclose(np.diff(longer.downbeats_s), 2.4)


def test_continued_goes_on_at_the_last_tempo():
    times = np.concatenate([np.arange(0, 10, 0.5), np.arange(10, 20, 0.6)])
    longer = Beats(times, times[::4], 110).extend(40.0)
    np.testing.assert_allclose(np.diff(longer.times_s)[-20:], 0.6)
    # One beat that is out of place does not change it
    times[-1] += 0.1
    longer = Beats(times, times[::4], 110).extend(40.0)
    np.testing.assert_allclose(np.diff(longer.times_s)[-20:], 0.6)


@pytest.mark.parametrize("beats_s", [[], [1.0]])
def test_few_beats_go_on_at_the_tempo(beats_s):
    longer = Beats(np.array(beats_s), np.zeros(0), 120).extend(5.0)
    np.testing.assert_allclose(np.diff(longer.times_s), 0.5)


def test_moved_beats_keep_their_bars():
    grid = Beats.grid(100, 10.0, 0.2)
    later = grid.shift(3.0)
    np.testing.assert_allclose(later.times_s, grid.times_s + 3)
    np.testing.assert_allclose(later.downbeats_s, grid.downbeats_s + 3)
    assert (later.tempo_bpm, later.beats_per_bar) == (100, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 10.0), "tempo_bpm must be a number from 20 to 400, got 0"),
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
        with pytest.raises(BeatsError, match="confidence must be a number from 0 to 1"):
            Beats(np.arange(3.0), np.zeros(0), 120, 4, confidence)
    with pytest.raises(BeatsError, match="ascend"):
        Beats(np.array([0.0, 2.0, 1.0]), np.array([]), 120)
    with pytest.raises(BeatsError, match="finite"):
        Beats(np.array([0.0, np.inf]), np.array([]), 120)


def test_impossible_audio_is_refused():
    with pytest.raises(AudioError, match=r"0\.5 s or more"):
        requinto.beats(np.zeros(100, np.float32), RATE)


ODD = ["128", b"4", None, [], {}, np.ones(2), 1j, True, float("nan"), 10**5000, -1e300]


@pytest.mark.parametrize("value", [*ODD, 1e300], ids=str_of)
@pytest.mark.parametrize("name", ["tempo_bpm", "duration_s", "first_downbeat_s"])
def test_grids_of_what_is_no_number_are_refused(name, value):
    arguments = {"tempo_bpm": 120, "duration_s": 5.0} | {name: value}
    with pytest.raises(BeatsError, match=f"^{name} must be a number from .*, got "):
        Beats.grid(**arguments)


@pytest.mark.parametrize("value", [*ODD, 2.5, 4.0, 0, 10**30], ids=str_of)
def test_bars_of_what_is_no_whole_number_are_refused(value):
    message = "^beats_per_bar must be a whole number from 1 to 1000, got "
    with pytest.raises(BeatsError, match=message):
        Beats.grid(120, 5.0, beats_per_bar=value)
    with pytest.raises(BeatsError, match=message):
        Beats(np.arange(3.0), np.zeros(0), 120, value)


@pytest.mark.parametrize("value", [*ODD, 2.5], ids=str_of)
def test_a_confidence_that_is_none_is_refused(value):
    message = "^confidence must be a number from 0 to 1, got "
    with pytest.raises(BeatsError, match=message):
        Beats.grid(120, 5.0, confidence=value)
    with pytest.raises(BeatsError, match=message):
        Beats(np.arange(3.0), np.zeros(0), 120, 4, value)


@pytest.mark.parametrize(
    "times",
    [
        *("abc", b"abc", None, 3, {}, {1.0, 2.0}, ["0", "1"], [True, False], [1j]),
        *([[0.0, 1.0]], [[0.0], [1.0, 2.0]], [None, 1.0], [0.0, 1e10], [-1e300, 0.0]),
        np.ma.masked_array([0.0, 1.0], [False, True]),
    ],
    ids=str_of,
)
def test_times_that_are_none_are_refused(times):
    for name in ("times_s", "downbeats_s"):
        both = {"times_s": [0.0], "downbeats_s": [0.0], "tempo_bpm": 120} | {
            name: times
        }
        with pytest.raises(BeatsError, match=f"^{name}, in seconds, must be"):
            Beats(**both)


def test_numbers_of_any_library_are_kept_as_plain_ones():
    beats = Beats([0, 1], (0,), np.float32(120), np.int64(3), np.float64(0.5))
    kinds = [type(v) for v in (beats.tempo_bpm, beats.beats_per_bar, beats.confidence)]
    assert kinds == [float, int, float]
    assert beats.times_s.dtype == beats.downbeats_s.dtype == np.float64


@pytest.mark.parametrize("value", ODD, ids=str_of)
def test_seconds_that_are_none_are_refused(value):
    grid = Beats.grid(120, 5.0)
    with pytest.raises(BeatsError, match=r"^by_s must be a number"):
        grid.shift(value)
    with pytest.raises(BeatsError, match=r"^until_s must be a number"):
        grid.extend(value)


@pytest.mark.parametrize("times", [[-1e9, -1e9 + 1], [0.0, 1e-9], [0.0, 5e-324]])
def test_more_beats_than_memory_holds_are_refused(times):
    with pytest.raises(BeatsError, match="at most 10000000 are accepted"):
        Beats.grid(128, 1e9)
    with pytest.raises(BeatsError, match="at most 10000000 are accepted"):
        Beats(times, [times[0]], 120).extend(5.0)
    with pytest.raises(BeatsError, match="at most 10000000 are accepted"):
        requinto.extract(
            np.full(RATE, 0.1, np.float32), RATE, beats=Beats(times, [times[0]], 120)
        )


def test_beats_far_away_are_beats():
    assert len(Beats([-1e6, -1e6 + 1], [-1e6], 120).extend(5.0).times_s) > 1e6
    assert Beats([1e9], [], 120).extend(5.0).times_s[-1] == 1e9


def test_beats_are_equal_by_value():
    times, bars = np.array([0.5, 1.0, 1.5]), np.array([0.5])
    beats = Beats(times, bars, 120.0, 3)
    same = Beats([0.5, 1.0, 1.5], [0.5], 120, 3)
    others = [
        Beats(times + 0.1, bars, 120.0, 3),
        Beats(times, bars + 0.5, 120.0, 3),
        Beats(times[:2], bars, 120.0, 3),
        Beats(times, bars, 121.0, 3),
        Beats(times, bars, 120.0, 4),
        Beats(times, bars, 120.0, 3, 0.5),
    ]
    assert beats == same and hash(beats) == hash(same)
    assert all(beats != other for other in [*others, None, "beats"])
    assert len({beats, same, *others}) == 1 + len(others)


def test_beats_far_apart_are_continued():
    longer = Beats([-1e9, -5.0], [-5.0], 20.0).extend(10.0)
    assert longer.times_s.tolist() == [-1e9, -5.0, 1e9 - 10.0]
