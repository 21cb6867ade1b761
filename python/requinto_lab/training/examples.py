# SPDX-License-Identifier: GPL-3.0-or-later
"""What is learnt from: a mixture, a target in it, and a reference of the target."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from requinto_lab.material.soundfonts import SAMPLE_RATE

PEAK = 0.98  # of a mixture, at most


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


def fold(sound: np.ndarray) -> np.ndarray:
    """Return stereo whose channels are both the mean of the two given."""
    return np.repeat(sound.mean(axis=0, keepdims=True), 2, axis=0)


def gain_to(mixture: np.ndarray, level_db: float, peak: float = PEAK) -> np.float32:
    """Return the gain that brings a mixture to an RMS in dBFS, with no peak above."""
    flat = mixture.ravel()
    rms = np.sqrt(np.dot(flat, flat) / flat.size)
    loudest = float(np.abs(mixture).max())
    return np.float32(
        min(10 ** (level_db / 20) / (rms + 1e-5), peak / (loudest + 1e-5))
    )


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
