# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's beats lie where it says that they do."""

import numpy as np
import pytest

from requinto.beats import Beats
from requinto.host_position import Position, host_beats

RATE = 48000


def frames(times_s):
    return np.round(np.asarray(times_s) * RATE).astype(int)


@pytest.mark.parametrize("tempo_bpm", [40, 97.3, 120, 240])
@pytest.mark.parametrize("beats_per_bar", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("first_downbeat_s", [0.0, 0.31, 1.99])
def test_an_even_song_is_an_even_grid(tempo_bpm, beats_per_bar, first_downbeat_s):
    quarter = -first_downbeat_s * tempo_bpm / 60
    position = Position(quarter, tempo_bpm, 0.0, beats_per_bar, 4)
    beats, bars = host_beats([(0, position)], 0, 20 * RATE, RATE)
    grid = Beats.grid(tempo_bpm, 20.0, first_downbeat_s, beats_per_bar)
    np.testing.assert_array_equal(beats, frames(grid.times_s))
    np.testing.assert_array_equal(bars, frames(grid.downbeats_s))


@pytest.mark.parametrize(
    ("beats_per_bar", "beat_unit", "quarters", "per_bar"),
    [
        (4, 4, 1.0, 4),
        (2, 2, 2.0, 2),
        (7, 8, 0.5, 7),
        (3, 8, 0.5, 3),
        (6, 8, 1.5, 2),  # compound: three eighths are a beat
        (12, 8, 1.5, 4),
        (9, 16, 0.75, 3),
    ],
)
def test_metres(beats_per_bar, beat_unit, quarters, per_bar):
    position = Position(0.0, 60.0, 0.0, beats_per_bar, beat_unit)  # quarters of 1 s
    beats, bars = host_beats([(0, position)], 0, 30 * RATE, RATE)
    assert set(np.diff(beats)) == {frames(quarters)}
    assert set(np.diff(bars)) == {frames(quarters * per_bar)}
    assert beats[0] == bars[0] == 0


def test_bars_begin_where_the_host_says():
    position = Position(10.25, 60.0, 9.5, 3, 4)
    beats, bars = host_beats([(0, position)], 0, 6 * RATE, RATE)
    np.testing.assert_array_equal(beats, frames([0.25, 1.25, 2.25, 3.25, 4.25, 5.25]))
    np.testing.assert_array_equal(bars, frames([2.25, 5.25]))


def test_tempo_jump_and_stop():
    positions = [
        (0, Position(-1.0, 60.0)),
        (frames(2.5), Position(1.5, 120.0)),  # twice as fast from there on
        (frames(4.5), Position(32.5, 60.0)),  # elsewhere
        (frames(7.0), None),
        (frames(9.0), Position(0.25, 60.0)),
    ]
    beats, bars = host_beats(positions, 0, 12 * RATE, RATE)
    seconds = [0, 1, 2, 2.75, 3.25, 3.75, 4.25, 5, 6, 9.75, 10.75, 11.75]
    np.testing.assert_array_equal(beats, frames(seconds))
    np.testing.assert_array_equal(bars, frames([1, 3.75]))
    np.testing.assert_array_equal(
        host_beats(positions, frames(3.0), frames(6.0), RATE)[0],
        frames([3.25, 3.75, 4.25, 5, 6]),
    )


def test_nowhere_there_are_no_beats():
    beats, bars = host_beats([(0, None)], 0, RATE, RATE)
    assert not len(beats) and not len(bars)
