# SPDX-License-Identifier: GPL-3.0-or-later
"""Ideal masks are the upper end of the scale, the mix is the lower."""

import numpy as np
import pytest

from requinto.metrics import si_sdr
from requinto_lab.evaluation.oracles import IdealBinaryMask, IdealRatioMask, Mix
from requinto_lab.evaluation.systems import Task
from sounds import RATE, clicks, error_db, noise, sine

MASKS = [IdealRatioMask, IdealBinaryMask]
ALL = [Mix, *MASKS]


def task_of(truth: np.ndarray, rest: np.ndarray) -> Task:
    """Return the question whose mixture is `truth` and `rest`."""
    reference = noise(RATE, 1, seed=9)
    return Task(truth + rest, reference, RATE, "bongo", None, truth)


def strokes_and_tone(n_channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two seconds of strokes, and of a tone of about their level."""
    strokes = np.tile(clicks(120, 2), (n_channels, 1))
    return strokes, sine(2 * RATE, n_channels, RATE)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("swapped", [False, True])
def test_an_ideal_mask_beats_the_mix_by_far(mask, n_channels, swapped):
    sounds = strokes_and_tone(n_channels)
    truth, rest = sounds[::-1] if swapped else sounds
    task = task_of(truth, rest)
    untouched = si_sdr(truth, Mix().estimate(task))
    assert si_sdr(truth, mask().estimate(task)) > untouched + 12


@pytest.mark.parametrize("mask", MASKS)
def test_an_ideal_mask_returns_a_lone_target(mask):
    truth = noise(RATE)
    estimate = mask().estimate(task_of(truth, 0 * truth))
    assert error_db(truth, estimate) < -90  # what float32 leaves


@pytest.mark.parametrize("mask", MASKS)
def test_an_ideal_mask_is_silent_where_the_target_is(mask):
    rest = noise(RATE)
    assert not mask().estimate(task_of(0 * rest, rest)).any()


def test_of_equal_sounds_the_ratio_is_a_half_and_the_binary_nothing():
    truth = noise(RATE)
    task = task_of(truth, truth)
    assert error_db(truth, IdealRatioMask().estimate(task)) < -90
    assert not IdealBinaryMask().estimate(task).any()  # not above, so not kept


def test_a_mask_cannot_restore_what_the_rest_cancels():
    truth = noise(RATE)
    task = task_of(truth, -truth / 2)  # |T| / (|T| + |R|) is 2/3, of half the truth
    assert error_db(truth / 3, IdealRatioMask().estimate(task)) < -90
    assert error_db(truth / 2, IdealBinaryMask().estimate(task)) < -90


def test_the_binary_mask_takes_whole_bins():
    strong, weak = noise(RATE, 1), 0.01 * noise(RATE, 1, seed=1)
    # The target wins all bins but some dozen of weak ones: it comes with the rest
    estimate = IdealBinaryMask().estimate(task_of(strong, weak))
    assert error_db(strong + weak, estimate) < -35
    assert si_sdr(strong, estimate) == pytest.approx(40, abs=1)


@pytest.mark.parametrize("system", ALL)
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("n_frames", [RATE // 2, RATE + 1])
def test_the_answer_is_shaped_as_the_mixture(system, n_channels, n_frames):
    truth = noise(n_frames, n_channels)
    task = task_of(truth, noise(n_frames, n_channels, seed=1))
    estimate = system().estimate(task)
    assert (estimate.shape, estimate.dtype) == (task.mixture.shape, np.float32)


@pytest.mark.parametrize("system", ALL)
def test_silence_stays_silence(system):
    silence = np.zeros((2, RATE), np.float32)
    assert not system().estimate(task_of(silence, silence)).any()


def test_the_mix_is_the_mixture_and_nobody_else_s_array():
    task = task_of(noise(RATE), noise(RATE, seed=1))
    estimate = Mix().estimate(task)
    np.testing.assert_array_equal(estimate, task.mixture)
    estimate[:] = 0
    assert task.mixture.any()


@pytest.mark.parametrize("system", ALL)
def test_nothing_is_trained_and_every_instrument_applies(system):
    assert system().n_parameters == 0
    assert all(system().applies(name) for name in ("guitar", "voice", "koto"))
