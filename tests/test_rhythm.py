# SPDX-License-Identifier: GPL-3.0-or-later
"""Features lie where the sound does, whatever its level, rate and length."""

import importlib

import numpy as np
import pytest

from requinto.config import RhythmConfig
from requinto.rhythm import features
from sounds import RATE, clicks, noise

CONFIG = RhythmConfig()
N = CONFIG.n_bands


def tones(pitches, seconds, rate=RATE):
    """Return one chord after another, each for so many seconds."""
    time_s = np.arange(round(seconds * rate)) / rate
    hz = [[440 * 2 ** ((p - 69) / 12) for p in chord] for chord in pitches]
    rows = [sum(np.sin(2 * np.pi * f * time_s) for f in chord) for chord in hz]
    return 0.1 * np.concatenate(rows)[None].astype(np.float32)


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_columns_lie_where_the_sound_does(rate, n_channels):
    audio = np.tile(clicks(90, 10.0, rate), (n_channels, 1))
    found = features(audio, rate, CONFIG)
    assert found.shape == (501, CONFIG.n_features) and found.dtype == np.float32
    rise = np.maximum(np.diff(found[:, :N], axis=0, prepend=0), 0).sum(axis=1)
    peaks = np.array([i for i in range(1, 500) if rise[i] > 0.5 * rise.max()])
    true = np.arange(1, 14) * 60 / 90
    # A window reaches 23 ms either way, and a column is 20 ms
    assert np.abs(peaks[:, None] / 50 - true).min(axis=0).max() < 0.045


@pytest.mark.parametrize("gain", [0.03, 0.3, 10.0])
def test_the_level_of_a_sound_does_not_matter(gain):
    audio = clicks(120, 6.0) + 0.01 * noise(6 * RATE, 1)
    np.testing.assert_allclose(
        features(audio, RATE, CONFIG), features(audio * gain, RATE, CONFIG), atol=2e-3
    )


def test_silence_is_not_made_loud():
    assert not features(np.zeros((2, RATE), np.float32), RATE, CONFIG).any()
    faint = features(1e-6 * noise(RATE, 1), RATE, CONFIG)
    assert faint[:, :N].max() < 0.1 * features(noise(RATE, 1), RATE, CONFIG).max()


def test_chunks_make_no_difference(monkeypatch):
    audio = clicks(113, 25.0) + 0.05 * noise(25 * RATE, 1)
    whole = features(audio, RATE, CONFIG)
    monkeypatch.setattr(importlib.import_module("requinto.rhythm"), "_CHUNK_S", 7.0)
    chunked = features(audio, RATE, CONFIG)
    assert whole.shape == chunked.shape
    # The resampler sees other edges, a second away
    assert np.abs(whole - chunked).max() < 0.02


@pytest.mark.parametrize("register", ["bass", "all"])
def test_changes_of_chord_are_seen_where_they_are(register):
    low = -24 if register == "bass" else 0
    chords = [(60 + low, 64 + low, 67 + low), (65 + low, 69 + low, 72 + low)] * 2
    found = features(tones(chords, 2.0), RATE, CONFIG)[:, N:]
    column = found[:, 1 if register == "bass" else 0]
    for true in (100, 200, 300):
        near = slice(true - 30, true + 30)
        assert abs(int(np.argmax(column[near])) - 30) <= 3
        assert column[near].max() > 5 * np.median(column)


def test_one_chord_has_no_changes():
    found = features(tones([(48, 60, 64)], 6.0), RATE, CONFIG)[30:-30, N:]
    assert found.max() < 0.05


@pytest.mark.parametrize("seconds", [0.5, 0.51, 1.0])
def test_the_shortest_sounds_have_features(seconds):
    found = features(noise(round(seconds * RATE)), RATE, CONFIG)
    assert len(found) == int(seconds * 50) + 1 and np.isfinite(found).all()
