# SPDX-License-Identifier: GPL-3.0-or-later
"""What is learnt from: a mixture, a target in it, and a reference of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.ranges import check_at_least

PEAK = 0.98  # of a mixture, at most


@dataclass(frozen=True)
class ExampleConfig:
    """Numbers of any source of examples; probabilities unless said otherwise."""

    n_frames: int = 63 * 2048  # of the mixture: 64 columns of the model's transform
    reference_frames: int = 63 * 2048
    n_targets: int = 3  # of each mixture, at most: mixing costs more than a query
    absent: float = 0.05  # a target is not in the mixture
    varispeed: float = 0.7  # pitch and time move together, a reference's too
    varispeed_semitones: float = 4.0  # at most by this much, either way
    mono: float = 0.12  # the whole mixture is folded
    lowest_db: float = -34.0  # RMS of the mixture, uniform up to `highest_db`
    highest_db: float = -12.0
    reference_short: float = 0.3  # the reference is cut

    def __post_init__(self) -> None:
        check_at_least(self, 1, "n_frames", "reference_frames", "n_targets")
        if not self.lowest_db <= self.highest_db <= 0:
            raise ConfigError("lowest_db must not exceed highest_db, nor that 0")

    def choose_size(self, rng: np.random.Generator) -> int:
        """Return how many frames of a stem are played in the time of `n_frames`."""
        if rng.random() >= self.varispeed:
            return self.n_frames
        widest = self.varispeed_semitones
        return round(self.n_frames * 2 ** (rng.uniform(-widest, widest) / 12))


class Example(NamedTuple):
    """One thing to learn: float32, stereo, 44.1 kHz."""

    mixture: np.ndarray  # (2, n_frames)
    target: np.ndarray  # (2, n_frames)
    reference: np.ndarray  # (2, reference_frames)
    instrument: str
    absent: bool  # nothing of the target sounds


class ExampleGenerator(Protocol):
    """An endless supply of examples."""

    def examples(self, rng: np.random.Generator) -> list[Example]:
        """Return examples that share a mixture; everything random is of `rng`."""


def finish(
    mixture: np.ndarray,
    sounds: Sequence[np.ndarray],
    config: ExampleConfig,
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return a mixture at a random level, at times folded, and sounds in it alike."""
    if rng.random() < config.mono:
        mixture, sounds = fold(mixture), [fold(sound) for sound in sounds]
    gain = gain_to(mixture, rng.uniform(config.lowest_db, config.highest_db))
    return mixture * gain, [sound * gain for sound in sounds]


def rms(sound: np.ndarray) -> np.float32:
    """Return the root mean square of a sound; 0 where it has no frames."""
    flat = sound.ravel()
    return np.float32(np.sqrt(np.dot(flat, flat) / max(flat.size, 1)))


def fold(sound: np.ndarray) -> np.ndarray:
    """Return stereo whose channels are both the mean of the two given."""
    return np.repeat(sound.mean(axis=0, keepdims=True), 2, axis=0)


def gain_to(mixture: np.ndarray, level_db: float, peak: float = PEAK) -> np.float32:
    """Return the gain that brings a mixture to an RMS in dBFS, with no peak above."""
    loudest = float(np.abs(mixture).max())
    wanted = 10 ** (level_db / 20) / (rms(mixture) + 1e-5)
    return np.float32(min(float(wanted), peak / (loudest + 1e-5)))


def shorten(
    sound: np.ndarray, shortest_s: float, rng: np.random.Generator
) -> np.ndarray:
    """Return some seconds of a sound that sound, wherever they lie."""
    size = sound.shape[1]
    longest_s = size / SAMPLE_RATE
    n_kept = round(rng.uniform(min(shortest_s, longest_s), longest_s) * SAMPLE_RATE)
    power = np.cumsum(np.square(sound).sum(axis=0))
    start = int(np.searchsorted(power, 0.3 * power[-1]))
    start = min(start, size - n_kept)
    return np.ascontiguousarray(sound[:, start : start + n_kept])


def lengthen(sound: np.ndarray, n_frames: int) -> np.ndarray:
    """Return a sound with silence behind it, `n_frames` long."""
    return np.pad(sound, ((0, 0), (0, n_frames - sound.shape[1])))
