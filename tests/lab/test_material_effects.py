# SPDX-License-Identifier: GPL-3.0-or-later
"""Desks, augmentation and mastering keep the truth of a mix."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from requinto_lab.material.augmentation import Augmentation, AugmentationConfig, augment
from requinto_lab.material.mastering import limit, master

PLAIN = AugmentationConfig.none()


def test_a_dense_master_keeps_the_truth() -> None:
    rng = np.random.default_rng(4)
    swell = np.linspace(0.05, 1, 60_000) * np.sin(np.arange(60_000) / 3000) ** 8
    parts = rng.choice((-0.2, 0.1), (2, 2, 60_000)) * (0.01 + swell)
    parts = parts.astype(np.float32)
    whole = parts.sum(axis=0)
    for _ in range(5):
        mixture, targets = limit(whole, list(parts), rng)
        gains = [t / p for t, p in zip(targets, parts, strict=True)]
        np.testing.assert_allclose(*gains, rtol=1e-4)
        assert gains[0].max() <= 1 + 1e-4 and gains[0].min() < 0.9
        # What clips is the mixture's alone, and never louder
        together = np.sum(targets, axis=0)
        assert (np.abs(mixture) <= np.abs(together) + 1e-6).all()
        crests = [np.abs(s).max() / np.std(s) for s in (mixture, whole)]
        assert crests[0] < 0.9 * crests[1]
    silence = np.zeros((2, 1000), np.float32)
    assert not limit(silence, [silence], rng)[0].any()


def test_a_desk_does_the_same_to_whatever_passes() -> None:
    every = dict.fromkeys(("equaliser", "compressor", "saturation", "chorus"), 1.0)
    every |= dict.fromkeys(("echo", "room", "narrow"), 1.0)
    rng = np.random.default_rng(5)
    sounds = rng.normal(0, 0.1, (2, 2, 20_000)).astype(np.float32)
    for _ in range(3):
        desk = Augmentation(AugmentationConfig(**every), rng)
        first = desk(sounds[0])
        desk(sounds[1])
        np.testing.assert_array_equal(desk(sounds[0]), first)
        # Thresholds follow the level
        np.testing.assert_allclose(desk(sounds[0] / 4), first / 4, atol=2e-3)


def test_augmentation_keeps_length_and_level() -> None:
    rng = np.random.default_rng(5)
    sound = rng.normal(0, 0.1, (1, 20_000)).astype(np.float32)
    np.testing.assert_allclose(
        np.abs(augment(sound, PLAIN, rng)), np.abs(sound).repeat(2, 0), rtol=1e-5
    )
    every = dict.fromkeys(("equaliser", "compressor", "saturation", "chorus"), 1.0)
    every |= dict.fromkeys(("echo", "room", "narrow", "stretch"), 1.0)
    always = AugmentationConfig(**every, pan=0)
    for _ in range(10):
        changed = augment(sound, always, rng)
        assert changed.shape == (2, 20_000)
        assert abs(20 * np.log10(np.std(changed) / np.std(sound))) < 1


def test_a_mastered_mix_keeps_its_rest(library: Path) -> None:
    """What is done to mixture and target alike leaves their difference a mix."""
    rng = np.random.default_rng(8)
    target, rest = rng.normal(0, 0.05, (2, 2, 40_000)).astype(np.float32)
    linear = AugmentationConfig.none(
        mix_equaliser=1, equaliser_db=6, mix_room=1, room_wet=0.3
    )
    draws = [np.random.default_rng(1) for _ in range(2)]
    mixture, (answer,) = master(target + rest, [target], linear, draws[0])
    _, (other,) = master(rest, [rest], linear, draws[1])
    # Filters in single precision
    np.testing.assert_allclose(mixture - answer, other, atol=1e-5)
    assert np.abs(answer - target).max() > 0.01

    coded = AugmentationConfig.none(mix_coded=1)
    mixture, (answer,) = master(target + rest, [target], coded, rng)
    np.testing.assert_array_equal(answer, target)
    lag = np.correlate(mixture[0, 2000:30_000], (target + rest)[0, 1900:30_100])
    assert np.argmax(lag) == 100  # the codec's delay is taken out
