# SPDX-License-Identifier: GPL-3.0-or-later
"""Cheap changes to one stem while mixing: a millisecond or two each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pedalboard
import soxr

from requinto.errors import ConfigError
from requinto.material.soundfonts import SAMPLE_RATE


@dataclass(frozen=True)
class AugmentationConfig:
    """How often, and how far, a stem is changed."""

    equaliser: float = 0.5  # probability
    equaliser_db: float = 5.0  # standard deviation of each of three filters
    saturation: float = 0.08  # probability
    saturation_drive: float = 4.0  # most gain before the soft knee
    room: float = 0.15  # probability
    room_wet: float = 0.35  # most reverberation beside the dry sound
    narrow: float = 0.3  # probability of a narrower stereo image
    pan: float = 0.7  # farthest from the middle, 1 is hard left or right

    def __post_init__(self) -> None:
        for name in ("equaliser", "saturation", "room", "narrow"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be in [0, 1]")


def augmented(
    sound: np.ndarray, config: AugmentationConfig, rng: np.random.Generator
) -> np.ndarray:
    """Return a stem changed at random, at the same level and length.

    Parameters
    ----------
    sound : np.ndarray, shape=(n_channels, n_frames)
        One or two channels.
    config : AugmentationConfig
        Probabilities and ranges.
    rng : np.random.Generator
        Source of every choice.

    Returns
    -------
    np.ndarray, shape=(2, n_frames)
        Panned, of random polarity.
    """
    before = _level(sound)
    if before < 1e-6:
        return np.repeat(sound[:1], 2, axis=0)
    chain: list[pedalboard.Plugin] = []
    if rng.random() < config.equaliser:
        chain += equaliser(config.equaliser_db, rng)
    if rng.random() < config.saturation:
        drive = rng.uniform(1, config.saturation_drive)
        # Full scale of the knee lies at the stem's peak, whatever its level
        peak = float(np.abs(sound).max())
        sound = np.tanh(sound * np.float32(drive / peak)) * np.float32(peak)
    if rng.random() < config.room:
        if len(sound) == 1:
            sound = np.repeat(sound, 2, axis=0)
        wet = float(rng.uniform(0.05, config.room_wet))
        size, damping = float(rng.uniform(0.05, 0.6)), float(rng.uniform(0.2, 0.9))
        chain.append(pedalboard.Reverb(size, damping, wet, 1 - wet))
    if chain:
        sound = pedalboard.Chain(chain)(sound, SAMPLE_RATE)
    after = _level(sound)
    gain = np.float32(before / max(after, 1e-6)) * rng.choice((-1, 1))
    return _placed(sound, config, rng) * np.float32(gain)


def equaliser(spread_db: float, rng: np.random.Generator) -> list[pedalboard.Plugin]:
    """Return two shelves and a bell, at random places."""
    db = np.clip(rng.normal(0, spread_db, 3), -12, 12)
    return [
        pedalboard.LowShelfFilter(float(rng.uniform(80, 500)), float(db[0]), 0.7),
        pedalboard.PeakFilter(
            float(np.exp(rng.uniform(5.5, 8.7))),
            float(db[1]),
            float(rng.uniform(0.4, 2)),
        ),
        pedalboard.HighShelfFilter(float(rng.uniform(2000, 9000)), float(db[2]), 0.7),
    ]


def varispeed(sound: np.ndarray, n_frames: int) -> np.ndarray:
    """Return sound resampled to `n_frames`: pitch and time change together."""
    if sound.shape[1] == n_frames:
        return sound
    ratio = n_frames / sound.shape[1]
    out = soxr.resample(sound.T, 1.0, ratio, quality="LQ").T
    missing = max(n_frames - out.shape[1], 0)
    return np.ascontiguousarray(np.pad(out, ((0, 0), (0, missing)))[:, :n_frames])


def _placed(
    sound: np.ndarray, config: AugmentationConfig, rng: np.random.Generator
) -> np.ndarray:
    if len(sound) == 1:
        sound = np.repeat(sound, 2, axis=0)
    elif rng.random() < config.narrow:
        width = np.float32(rng.random())
        middle = sound.mean(axis=0, keepdims=True)
        sound = middle + width * (sound - middle)
    # Constant power: the middle is unity
    angle = (1 + rng.uniform(-config.pan, config.pan)) * np.pi / 4
    gains = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
    return np.asarray(sound * gains.astype(np.float32))


def _level(sound: np.ndarray) -> float:
    flat = sound.ravel()
    return float(np.sqrt(np.dot(flat, flat) / flat.size))
