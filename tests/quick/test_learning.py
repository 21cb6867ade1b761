# SPDX-License-Identifier: GPL-3.0-or-later
"""The next bar that sounds becomes the reference."""

import numpy as np
import pytest

from requinto.bar_capture import Learner
from sounds import noise

RATE = 1000
BARS = np.arange(0, 60_000, 2000)  # of 2 s


def learn(learner, heard, known, bars=BARS, seams=(0,), origin=0):
    learner.listen(heard[:, origin:known], origin, bars, known, list(seams))
    return learner.take()


@pytest.mark.parametrize("asked_at", [0, 1, 1999, 2000, 2001])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_bar_after_the_asking(asked_at, n_channels):
    heard, learner = noise(12_000, n_channels), Learner(n_channels, RATE)
    start = -(-asked_at // 2000) * 2000
    learner.ask(True, asked_at)
    assert learn(learner, heard, start + 1999) is None
    np.testing.assert_array_equal(
        learn(learner, heard, start + 2000), heard[:, start : start + 2000]
    )
    assert learner.since is None
    assert learn(learner, heard, 12_000) is None  # once for each asking


def test_asking_again_and_giving_up():
    heard, learner = noise(20_000, 1), Learner(1, RATE)
    learner.ask(True, 100)
    learner.ask(False, 200)
    assert learn(learner, heard, 9000) is None
    learner.ask(True, 9000)
    learner.ask(True, 9500)  # still the same asking
    assert learner.since == 9000
    assert learn(learner, heard, 12_000) is not None
    learner.ask(True, 12_500)
    assert learner.since is None
    learner.ask(False, 12_600)
    learner.ask(True, 13_000)
    np.testing.assert_array_equal(
        learn(learner, heard, 20_000, origin=12_000), heard[:, 14_000:16_000]
    )


def test_bars_of_silence_are_passed_over():
    heard, learner = noise(20_000, 2), Learner(2, RATE)
    heard[:, :7000] = 1e-5
    learner.ask(True, 0)
    np.testing.assert_array_equal(
        learn(learner, heard, 20_000), heard[:, 6000:8000]
    )  # the first that sounds, with its silent half


@pytest.mark.parametrize("sounds", [True, False])
def test_the_sidechain_goes_first_if_it_sounds(sounds):
    heard, learner = noise(9000, 3), Learner(1, RATE)
    if not sounds:
        heard[1:] = 0
    learner.ask(True, 10)
    rows = slice(1, 3) if sounds else slice(0, 1)
    np.testing.assert_array_equal(learn(learner, heard, 9000), heard[rows, 2000:4000])


def test_no_bar_runs_across_a_seam():
    heard, learner = noise(12_000, 1), Learner(1, RATE)
    learner.ask(True, 0)
    bars = np.array([0, 2000, 3100, 5100, 7100])  # a jump at 3100
    learner.ask(False, 0)
    learner.ask(True, 1500)
    found = learn(learner, heard, 12_000, bars, seams=(0, 3000))
    np.testing.assert_array_equal(found, heard[:, 3100:5100])


@pytest.mark.parametrize(
    ("length", "expected"), [(300, 600), (500, 500), (7900, 7900), (9000, 8000)]
)
def test_bars_too_short_are_taken_together_and_long_ones_cut(length, expected):
    heard, learner = noise(40_000, 1), Learner(1, RATE)
    learner.ask(True, 0)
    found = learn(learner, heard, 40_000, np.arange(0, 40_000, length))
    assert found.shape == (1, expected)
