# SPDX-License-Identifier: GPL-3.0-or-later
"""Random placement and effects of a stem: a few milliseconds each."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pedalboard
import soxr

from requinto.errors import ConfigError
from requinto_lab.material.soundfonts import SAMPLE_RATE

_SILENT = 1e-6  # RMS
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


class Augmentation:
    """One placement and chain of effects, with random settings.

    Thresholds are relative to the level of the sound that passes.

    Parameters
    ----------
    config : AugmentationConfig
        Probabilities and ranges.
    rng : np.random.Generator
        Source of every choice; all are made here.
    n_channels : int
        Of the sounds to come, 1 or 2.  A stereo image may be narrowed.
    """

    def __init__(
        self, config: AugmentationConfig, rng: np.random.Generator, n_channels: int = 2
    ) -> None:
        self._speed = self._drive = 1.0
        self._compressor: pedalboard.Compressor | None = None
        self._threshold_db = 0.0  # of the compressor, above the level
        if rng.random() < config.stretch:
            widest = config.stretch_range
            self._speed = float(rng.uniform(1 - widest, 1 + widest))
        chain: list[pedalboard.Plugin] = []
        if rng.random() < config.equaliser:
            chain += equaliser(config.equaliser_db, rng)
        if rng.random() < config.compressor:
            self._threshold_db = float(rng.uniform(-12, 6))
            self._compressor = _compressor(rng)
            chain.append(self._compressor)
        if rng.random() < config.saturation:
            self._drive = float(rng.uniform(1, config.saturation_drive))
        if rng.random() < config.chorus:
            depth, mix = float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.1, 0.4))
            chain.append(pedalboard.Chorus(float(rng.uniform(0.3, 2)), depth, mix=mix))
        if rng.random() < config.echo:
            seconds, mix = float(rng.uniform(0.08, 0.5)), float(rng.uniform(0.05, 0.3))
            chain.append(pedalboard.Delay(seconds, float(rng.uniform(0, 0.5)), mix))
        self._has_room = bool(rng.random() < config.room)
        if self._has_room:
            chain.append(room(config.room_wet, rng))
        self._chain = pedalboard.Chain(chain) if chain else None
        polarity = int(rng.choice((-1, 1)))
        self._width = np.float32(1)
        if (n_channels == 2 or self._has_room) and rng.random() < config.narrow:
            self._width = np.float32(rng.random())
        # Constant power: the middle is unity
        angle = (1 + rng.uniform(-config.pan, config.pan)) * np.pi / 4
        gains = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
        self._gains = (polarity * gains).astype(np.float32)

    def __call__(self, sound: np.ndarray) -> np.ndarray:
        """Return a sound through the chain, at the same level and length.

        Parameters
        ----------
        sound : np.ndarray, shape=(n_channels, n_frames)
            One or two channels.

        Returns
        -------
        np.ndarray, shape=(2, n_frames)
            float32.  Panned, and of this chain's polarity.
        """
        before = rms(sound)
        if before < _SILENT:
            return np.repeat(sound[:1], 2, axis=0)
        if self._speed != 1:
            sound = _stretch(sound, self._speed)
        if self._drive != 1:
            sound = _saturate(sound, self._drive)
        if self._has_room and len(sound) == 1:
            sound = np.repeat(sound, 2, axis=0)
        if self._compressor is not None:
            level_db = float(20 * np.log10(before))
            self._compressor.threshold_db = level_db + self._threshold_db
        if self._chain is not None:
            sound = self._chain(sound, SAMPLE_RATE)
        gain = np.float32(before / max(rms(sound), _SILENT))
        if len(sound) == 2 and self._width != 1:
            sound = _narrow(sound, self._width)
        return np.asarray(sound * (self._gains * gain), np.float32)


def augment(
    sound: np.ndarray, config: AugmentationConfig, rng: np.random.Generator
) -> np.ndarray:
    """Return a stem through a random `Augmentation`, at the same level and length.

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
    if rms(sound) < _SILENT:
        return np.repeat(sound[:1], 2, axis=0)
    return Augmentation(config, rng, len(sound))(sound)


def room(max_wet: float, rng: np.random.Generator) -> pedalboard.Plugin:
    """Return a room of random size."""
    wet = float(rng.uniform(0.05, max(max_wet, 0.06)))
    size, damping = float(rng.uniform(0.05, 0.7)), float(rng.uniform(0.2, 0.9))
    return pedalboard.Reverb(size, damping, wet, 1 - wet)


def _compressor(rng: np.random.Generator) -> pedalboard.Compressor:
    ratio, attack_ms = float(rng.uniform(1.5, 8)), float(rng.uniform(1, 30))
    return pedalboard.Compressor(
        ratio=ratio, attack_ms=attack_ms, release_ms=float(rng.uniform(50, 300))
    )


def _saturate(sound: np.ndarray, drive: float) -> np.ndarray:
    # Full scale of the knee lies at the stem's peak, whatever its level
    peak = float(np.abs(sound).max())
    return np.asarray(np.tanh(sound * np.float32(drive / peak)) * np.float32(peak))


def _narrow(sound: np.ndarray, width: np.float32) -> np.ndarray:
    """Return a stereo sound with its sides at `width`, from 0 to 1."""
    own, other = (1 + width) / 2, (1 - width) / 2
    return np.asarray(own * sound + other * sound[::-1], np.float32)


def _stretch(sound: np.ndarray, speed: float) -> np.ndarray:
    changed = pedalboard.time_stretch(
        sound, SAMPLE_RATE, speed, high_quality=False, use_time_domain_smoothing=True
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


def rms(sound: np.ndarray) -> float:
    """Return the RMS level of a sound over all its channels."""
    flat = sound.ravel()
    return float(np.sqrt(np.dot(flat, flat) / flat.size))
