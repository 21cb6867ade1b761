# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes at random to a stem, and to a whole mix: a few milliseconds each."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pedalboard
import soxr

from requinto.errors import ConfigError
from requinto.material.soundfonts import SAMPLE_RATE

_PROBABILITIES = (
    *("equaliser", "compressor", "saturation", "chorus", "echo", "room", "narrow"),
    *("stretch", "mix_equaliser", "mix_room", "mix_coded"),
)


@dataclass(frozen=True)
class AugmentationConfig:
    """How often, and how far, a stem or a mix is changed.

    Numbers are probabilities unless said otherwise.
    """

    equaliser: float = 0.5
    equaliser_db: float = 5.0  # standard deviation of each of three filters
    compressor: float = 0.2
    saturation: float = 0.08
    saturation_drive: float = 4.0  # most gain before the soft knee
    chorus: float = 0.06
    echo: float = 0.06
    room: float = 0.2
    room_wet: float = 0.35  # most reverberation beside the dry sound
    stretch: float = 0.01  # time changes, pitch does not
    stretch_range: float = 0.12  # at most by this much
    narrow: float = 0.3  # a narrower stereo image
    pan: float = 0.7  # farthest from the middle, 1 is hard left or right
    mix_equaliser: float = 0.2
    mix_room: float = 0.1
    mix_coded: float = 0.1  # through a lossy codec; the answer stays clean

    def __post_init__(self) -> None:
        for name in _PROBABILITIES:
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be in [0, 1]")

    @classmethod
    def none(cls, **others: float) -> AugmentationConfig:
        """Return a configuration that changes nothing but what is named."""
        zeros = dict.fromkeys((f.name for f in fields(cls)), 0.0)
        return cls(**{**zeros, "saturation_drive": 1.0, **others})


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
    if rng.random() < config.stretch:
        sound = _stretched(sound, config.stretch_range, rng)
    chain: list[pedalboard.Plugin] = []
    if rng.random() < config.equaliser:
        chain += equaliser(config.equaliser_db, rng)
    if rng.random() < config.compressor:
        chain.append(_compressor(before, rng))
    if rng.random() < config.saturation:
        drive = rng.uniform(1, config.saturation_drive)
        # Full scale of the knee lies at the stem's peak, whatever its level
        peak = float(np.abs(sound).max())
        sound = np.tanh(sound * np.float32(drive / peak)) * np.float32(peak)
    if rng.random() < config.chorus:
        depth, mix = float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.1, 0.4))
        chain.append(pedalboard.Chorus(float(rng.uniform(0.3, 2)), depth, mix=mix))
    if rng.random() < config.echo:
        seconds, mix = float(rng.uniform(0.08, 0.5)), float(rng.uniform(0.05, 0.3))
        chain.append(pedalboard.Delay(seconds, float(rng.uniform(0, 0.5)), mix))
    if rng.random() < config.room:
        chain.append(room(config.room_wet, rng))
        if len(sound) == 1:
            sound = np.repeat(sound, 2, axis=0)
    if chain:
        sound = pedalboard.Chain(chain)(sound, SAMPLE_RATE)
    after = _level(sound)
    gain = np.float32(before / max(after, 1e-6)) * rng.choice((-1, 1))
    return _placed(sound, config, rng) * np.float32(gain)


def mastered(
    mixture: np.ndarray,
    targets: list[np.ndarray],
    config: AugmentationConfig,
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return a mix and targets in it after what is done to a whole mix.

    What is linear is done to all alike, so that the rest is still their
    difference; a codec's losses are the mixture's alone.

    Parameters
    ----------
    mixture : np.ndarray, shape=(2, n_frames)
    targets : list of np.ndarray, shape=(2, n_frames)
    """
    chain: list[pedalboard.Plugin] = []
    if rng.random() < config.mix_equaliser:
        chain += equaliser(0.6 * config.equaliser_db, rng)
    if rng.random() < config.mix_room:
        chain.append(room(0.5 * config.room_wet, rng))
    if chain:
        board = pedalboard.Chain(chain)
        mixture = board(mixture, SAMPLE_RATE)
        targets = [board(target, SAMPLE_RATE) for target in targets]
    if rng.random() < config.mix_coded:
        codec = pedalboard.MP3Compressor(float(rng.uniform(2, 9)))
        peak = max(float(np.abs(mixture).max()), 1e-6)
        coded = codec(mixture * np.float32(0.7 / peak), SAMPLE_RATE)
        mixture = np.asarray(coded * np.float32(peak / 0.7))
    return mixture, targets


def room(most_wet: float, rng: np.random.Generator) -> pedalboard.Plugin:
    """Return a room of random size."""
    wet = float(rng.uniform(0.05, max(most_wet, 0.06)))
    size, damping = float(rng.uniform(0.05, 0.7)), float(rng.uniform(0.2, 0.9))
    return pedalboard.Reverb(size, damping, wet, 1 - wet)


def _compressor(level: float, rng: np.random.Generator) -> pedalboard.Plugin:
    threshold_db = 20 * np.log10(level) + float(rng.uniform(-12, 6))
    return pedalboard.Compressor(
        float(threshold_db),
        float(rng.uniform(1.5, 8)),
        float(rng.uniform(1, 30)),
        float(rng.uniform(50, 300)),
    )


def _stretched(sound: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    factor = float(rng.uniform(1 - most, 1 + most))
    changed = pedalboard.time_stretch(
        sound, SAMPLE_RATE, factor, high_quality=False, use_time_domain_smoothing=True
    )
    missing = max(sound.shape[1] - changed.shape[1], 0)
    return np.pad(changed, ((0, 0), (0, missing)))[:, : sound.shape[1]]


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
