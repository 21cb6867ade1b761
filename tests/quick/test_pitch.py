# SPDX-License-Identifier: GPL-3.0-or-later
"""Tones have their pitch whatever their timbre, and noise has none."""

import functools
import itertools

import numpy as np
import pytest

from requinto.pitch import HIGHEST_NOTE, LOWEST_NOTE, PitchEstimator
from sounds import noise

HISS = 1e-3  # amplitude of noise under each tone, whose peaks are at 0.3
DURATION_S = 0.3
TIMBRES = {
    "sawtooth": lambda h, hz: 1 / h,
    "flute": lambda h, hz: 1 / h**3,
    "sine": lambda h, hz: 1.0 * (h == 1),
    "clarinet": lambda h, hz: (h % 2) / h,
    "weak fundamental": lambda h, hz: np.where(h == 1, 0.05, 1 / h),
    "no fundamental": lambda h, hz: np.where((h == 1) & (hz < 700), 0, 1 / h),
    "bright": lambda h, hz: 0.9**h,
}


def tone(note, timbre, rate):
    """Return a note of slightly stretched harmonics with random phases."""
    hz = 440 * 2 ** ((note - 69) / 12)
    harmonics = np.arange(1, max(2, min(40, int(0.45 * rate / hz)) + 1))
    rng = np.random.default_rng(round(100 * note))
    phases = rng.uniform(0, 2 * np.pi, len(harmonics))[:, None]
    stretched = harmonics * np.sqrt(1 + 1e-5 * harmonics**2)
    times_s = np.arange(round(DURATION_S * rate)) / rate
    angles = 2 * np.pi * hz * stretched[:, None] * times_s + phases
    waves = np.sin(angles.astype(np.float32))  # faster than double
    sound = TIMBRES[timbre](harmonics, hz) @ waves
    sound *= 0.3 / np.abs(sound).max()
    return (sound + HISS * rng.standard_normal(len(sound))).astype(np.float32)


@functools.cache
def estimator_at(rate):
    return PitchEstimator(rate)


def pitches(sound, rate):
    """Return the pitch every fortieth of a second."""
    estimator = estimator_at(rate)
    starts = np.arange(0, len(sound) - estimator.n_frames, round(rate / 40))
    return estimator.estimate(sound, starts)


@pytest.mark.parametrize(
    ("timbre", "rate"),
    [
        *itertools.product(TIMBRES, [8000, 44100]),
        *(("sawtooth", 96000), ("sine", 96000)),  # filtered to the same, nearly
    ],
)
def test_tones_have_their_pitch(timbre, rate):
    errors = []
    for note in np.arange(LOWEST_NOTE, HIGHEST_NOTE + 0.1, 2.77):
        if 440 * 2 ** ((note - 69) / 12) < 0.4 * rate:
            errors.append(pitches(tone(note, timbre, rate), rate) - note)
    errors = np.abs(np.concatenate(errors))
    is_pitched = errors < 20  # 0 is no note, and lies further from all of them
    assert np.mean(is_pitched) > 0.9
    assert np.mean(errors[is_pitched] < 0.5) > 0.95


def bursts(rate, low_hz, high_hz):
    """Return four strokes a second, of noise between two frequencies."""
    sound = noise(10 * rate, 1)[0]
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / rate)
    spectrum[(hz < low_hz) | (hz > high_hz)] = 0
    decay = np.exp(-(np.arange(len(sound)) % (rate // 4)) / (0.03 * rate))
    return (0.3 * np.fft.irfft(spectrum) * decay).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize(
    "band", [(0, 20000), (100, 400), (200, 800), (300, 3000), (2000, 20000)]
)
def test_noise_and_percussion_have_none(band, rate):
    assert np.mean(pitches(bursts(rate, *band), rate) > 0) < 0.05
    steady = 0.1 * noise(5 * rate, 1)[0]
    assert np.mean(pitches(steady, rate) > 0) < 0.01


def test_silence_has_none():
    assert not pitches(np.zeros(44100, np.float32), 44100).any()
    assert not pitches(1e-5 * tone(60, "sawtooth", 44100), 44100).any()
    nothing = estimator_at(44100).estimate(np.zeros(9000, "f"), np.zeros(0, int))
    assert not len(nothing)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_windows_do_not_depend_on_each_other(rate):
    sound = np.concatenate([tone(n, "sawtooth", rate) for n in (40, 52, 71)])
    estimator = estimator_at(rate)
    starts = np.arange(1000, len(sound) - estimator.n_frames, 1101)
    whole = estimator.estimate(sound, starts)
    for n_parts in (2, 7, len(starts)):
        some = np.array_split(starts, n_parts)
        parts = [estimator.estimate(sound, part) for part in some]
        np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-3)
