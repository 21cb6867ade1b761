# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate silences what is quiet, and nothing else."""

import time

import numpy as np
import pytest

from requinto.errors import ConfigError
from requinto_lab.systems.fixed_outputs import (
    GateConfig,
    apply_gate,
    envelope,
    window_levels,
)
from sounds import RATE, noise

CONFIG = GateConfig()


def bursts(leak=0.001, n_channels=1, rate=RATE):
    """Return a second of noise, one of its leak and another of noise."""
    loud = noise(3 * rate, n_channels)
    loud[:, rate : 2 * rate] *= leak
    return loud


@pytest.mark.parametrize("n_frames", [4096, 44101, 99991])  # a prime number, too
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_envelope_of_a_tone_is_its_amplitude(n_frames, n_channels):
    tone = np.sin(2 * np.pi * 1000 * np.arange(n_frames) / RATE)
    sound = np.tile(0.3 * tone, (n_channels, 1)).astype(np.float32)
    middle = slice(n_frames // 4, 3 * n_frames // 4)
    # A tone that ends is no tone: near its ends the envelope bends
    np.testing.assert_allclose(envelope(sound)[middle], 0.3, rtol=0.01)


def test_a_long_sound_does_not_take_long():
    # 2 ** 22 frames and a few, prime: as it is, its transform would take minutes
    sound = noise(4_194_319, 1)
    start = time.process_time()
    assert apply_gate(sound, RATE).shape == sound.shape
    assert time.process_time() - start < 20


@pytest.mark.parametrize("n_neighbours", [0, 1, 3])
def test_a_level_is_the_median_over_neighbours(n_neighbours):
    size, samples = 10, np.random.default_rng(0).random(95)
    levels = window_levels(samples, size, n_neighbours)
    assert len(levels) == 10  # the last of five frames
    for i, level in enumerate(levels):
        first = max(0, i - n_neighbours) * size
        assert level == np.median(samples[first : (i + n_neighbours + 1) * size])


def test_a_click_opens_nothing_and_a_gap_within_a_note_closes_nothing():
    sound = bursts(leak=0.0)
    sound[0, 3 * RATE // 2] = 1.0
    assert not apply_gate(sound, RATE)[0, 3 * RATE // 2]
    sound = noise(RATE, 1)
    sound[0, RATE // 2 : RATE // 2 + round(0.005 * RATE)] = 0
    np.testing.assert_array_equal(apply_gate(sound, RATE), sound)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_what_is_open_is_untouched_and_what_is_closed_is_silent(n_channels, rate):
    sound = bursts(n_channels=n_channels, rate=rate)
    answer = apply_gate(sound, rate, CONFIG)
    assert answer.shape == sound.shape and answer.dtype == np.float32
    is_loud = np.ones(3 * rate, bool)
    is_loud[rate : 2 * rate] = False
    np.testing.assert_array_equal(answer[:, is_loud], sound[:, is_loud])
    # A fade, and windows that hear the noise by their neighbour, are all it keeps
    reach = CONFIG.fade_s + (CONFIG.n_neighbours + 1) * CONFIG.window_s
    rest = slice(round((1 + reach) * rate), round((2 - reach) * rate))
    assert not answer[:, rest].any()


def test_the_gate_opens_and_closes_with_a_fade():
    sound = bursts(leak=0.001)
    share = apply_gate(sound, RATE, CONFIG)[0] / sound[0]
    steps = np.diff(share)
    # Half a cosine over the fade is at its steepest in its middle
    steepest = np.pi / 2 / (CONFIG.fade_s * RATE)
    assert 0.9 * steepest < np.abs(steps).max() < 1.1 * steepest
    middle = 3 * RATE // 2
    assert np.all(steps[:middle] <= 1e-6) and np.all(steps[middle:] >= -1e-6)


def test_a_softer_gate_silences_less():
    sound = noise(RATE, 1) * np.geomspace(1, 1e-4, RATE, dtype=np.float32)
    open_at = [
        np.count_nonzero(apply_gate(sound, RATE, GateConfig(softness=softness)))
        for softness in (0.0, 0.001, 0.01, 0.1, 1.0)
    ]
    assert open_at[0] == RATE
    assert np.all(np.diff(open_at) < 0)


@pytest.mark.parametrize("gain", [0.001, 0.5, 8.0])
def test_the_level_of_the_whole_does_not_matter(gain):
    sound = bursts(0.01)
    scaled = apply_gate(np.float32(gain) * sound, RATE)
    np.testing.assert_allclose(
        scaled, gain * apply_gate(sound, RATE), rtol=1e-5, atol=1e-9
    )


def test_channels_open_together():
    sound = bursts(leak=0.0, n_channels=2)
    sound[1] = 0.001 * noise(3 * RATE, 1, seed=1)
    answer = apply_gate(sound, RATE)
    np.testing.assert_array_equal(answer[1, :RATE], sound[1, :RATE])
    assert not answer[1, 3 * RATE // 2]


@pytest.mark.parametrize("n_frames", [1, 100, RATE])
def test_silence_stays_silence(n_frames):
    answer = apply_gate(np.zeros((2, n_frames), np.float32), RATE)
    assert answer.shape == (2, n_frames) and not answer.any()


@pytest.mark.parametrize(
    "values",
    [
        {"window_s": 0.0},
        {"n_neighbours": -1},
        {"softness": -0.1},
        {"softness": 1.5},
        {"fade_s": -1.0},
    ],
)
def test_what_cannot_be_a_gate_is_said(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        GateConfig(**values)
