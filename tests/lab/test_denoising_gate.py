# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate silences what is quiet, and nothing else."""

import time

import numpy as np
import pytest

from requinto.errors import ConfigError
from requinto_lab.systems import denoising_gate_study as gate_study
from requinto_lab.systems.denoising_gate import (
    GateConfig,
    envelope,
    gated,
    window_levels,
)
from requinto_lab.systems.study import read, write
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
    begun = time.process_time()
    assert gated(sound, RATE).shape == sound.shape
    assert time.process_time() - begun < 20


@pytest.mark.parametrize("n_neighbours", [0, 1, 3])
def test_a_level_is_the_median_over_neighbours(n_neighbours):
    size, found = 10, np.random.default_rng(0).random(95)
    levels = window_levels(found, size, n_neighbours)
    assert len(levels) == 10  # the last of five frames
    for i, level in enumerate(levels):
        first = max(0, i - n_neighbours) * size
        assert level == np.median(found[first : (i + n_neighbours + 1) * size])


def test_a_click_opens_nothing_and_a_gap_within_a_note_closes_nothing():
    sound = bursts(leak=0.0)
    sound[0, 3 * RATE // 2] = 1.0
    assert not gated(sound, RATE)[0, 3 * RATE // 2]
    sound = noise(RATE, 1)
    sound[0, RATE // 2 : RATE // 2 + round(0.005 * RATE)] = 0
    np.testing.assert_array_equal(gated(sound, RATE), sound)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_what_is_open_is_untouched_and_what_is_closed_is_silent(n_channels, rate):
    sound = bursts(n_channels=n_channels, rate=rate)
    answer = gated(sound, rate, CONFIG)
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
    share = gated(sound, RATE, CONFIG)[0] / sound[0]
    steps = np.diff(share)
    # Half a cosine over the fade is at its steepest in its middle
    steepest = np.pi / 2 / (CONFIG.fade_s * RATE)
    assert 0.9 * steepest < np.abs(steps).max() < 1.1 * steepest
    middle = 3 * RATE // 2
    assert np.all(steps[:middle] <= 1e-6) and np.all(steps[middle:] >= -1e-6)


def test_a_softer_gate_silences_less():
    sound = noise(RATE, 1) * np.geomspace(1, 1e-4, RATE, dtype=np.float32)
    open_at = [
        np.count_nonzero(gated(sound, RATE, GateConfig(softness=softness)))
        for softness in (0.0, 0.001, 0.01, 0.1, 1.0)
    ]
    assert open_at[0] == RATE
    assert np.all(np.diff(open_at) < 0)


@pytest.mark.parametrize("gain", [0.001, 0.5, 8.0])
def test_the_level_of_the_whole_does_not_matter(gain):
    sound = bursts(0.01)
    scaled = gated(np.float32(gain) * sound, RATE)
    np.testing.assert_allclose(scaled, gain * gated(sound, RATE), rtol=1e-5, atol=1e-9)


def test_channels_open_together():
    sound = bursts(leak=0.0, n_channels=2)
    sound[1] = 0.001 * noise(3 * RATE, 1, seed=1)
    answer = gated(sound, RATE)
    np.testing.assert_array_equal(answer[1, :RATE], sound[1, :RATE])
    assert not answer[1, 3 * RATE // 2]


@pytest.mark.parametrize("n_frames", [1, 100, RATE])
def test_silence_stays_silence(n_frames):
    answer = gated(np.zeros((2, n_frames), np.float32), RATE)
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


class Leaky:
    """A system that is told the truth, and answers with a bit of all of it."""

    sample_rate = 4410
    sources = ("guitar", "bass")
    truth = None

    def separated(self, sound):
        return self.truth + np.float32(0.005) * sound


class Songs:
    """Two sources of noise that never pause."""

    def draw(self, rng):
        size = round(12 * Leaky.sample_rate)
        return np.stack([noise(size, 1, seed=1), noise(size, 1, seed=2)])


def test_each_source_rests_for_four_seconds():
    stems = Songs().draw(None)
    quiet, rests = gate_study.rested(stems, 4410, np.random.default_rng(0))
    np.testing.assert_array_equal(rests.sum(axis=1), 4 * 4410)
    for stem, part, rest in zip(stems, quiet, rests, strict=True):
        assert not part[:, rest].any()
        np.testing.assert_array_equal(part[:, ~rest], stem[:, ~rest])
        assert np.count_nonzero(np.diff(rest.astype(int))) <= 2


def test_the_study_tells_what_the_gate_took_away(monkeypatch, tmp_path):
    system, rested = Leaky(), gate_study.rested

    def told(stems, rate, rng):
        system.truth, rests = rested(stems, rate, rng)
        return system.truth, rests

    monkeypatch.setattr(gate_study, "rested", told)
    found = list(gate_study.measured(system, Songs(), 2, CONFIG))
    assert len(found) == 2 * 2 * len(gate_study.SOFTNESSES)
    for row in found:
        if row.softness == 0:
            assert row.leak_db == pytest.approx(-46, abs=0.1)
        if row.softness == CONFIG.softness:
            assert row.leak_db < -60 and row.gain_db > 40
    made = gate_study.study(found, "a command")
    assert "-46" in made.finding and len(made.rows) == 2 * len(gate_study.SOFTNESSES)
    gate_study.draw(found, tmp_path / f"{gate_study.NAME}.png")
    write(tmp_path, made)
    assert read(tmp_path) == [made]
    assert (tmp_path / made.pictures[0][0]).stat().st_size > 1000
