# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a stem sound as no instrument of the library does, and others alike.

A model that hears few timbres learns them by heart.  What is drawn here is done to a
player and to its reference, so that they remain of one player, now an unknown one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pedalboard
from scipy import signal

from requinto.errors import ConfigError
from requinto.material.augmentation import equaliser
from requinto.material.soundfonts import SAMPLE_RATE

_FOLLOWER_S = 0.01  # time constant of the envelope
_QUIETEST = 0.05  # of the envelope's peak: what lies below is not raised further
_SILENT = 1e-7


@dataclass(frozen=True)
class NewTimbreConfig:
    """How far a timbre is moved; probabilities unless said otherwise."""

    equaliser_db: float = 7.0  # standard deviation of two shelves and a bell
    drive: float = 0.25  # into a soft knee, which adds partials
    most_drive: float = 8.0  # gain in front of it
    envelope: float = 0.35  # attacks and decays are exaggerated or evened out
    most_envelope: float = 0.5  # power of the envelope that is multiplied in
    body: float = 0.5  # resonances of a box
    shortest_body_s: float = 0.002  # their decay to 1/e, on a logarithmic scale
    longest_body_s: float = 0.03
    most_body: float = 0.7  # beside the plain sound
    backwards: float = 0.15  # swells where there were strokes: nobody's instrument

    def __post_init__(self) -> None:
        for name in ("drive", "envelope", "body", "backwards"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be in [0, 1]")
        if not 0 < self.shortest_body_s <= self.longest_body_s:
            raise ConfigError("shortest_body_s must be above 0, longest_body_s no less")


class NewTimbre:
    """One timbre drawn at random.

    Parameters
    ----------
    config : NewTimbreConfig
    rng : np.random.Generator
        Source of every choice.
    """

    def __init__(self, config: NewTimbreConfig, rng: np.random.Generator) -> None:
        self._filters = pedalboard.Chain(equaliser(config.equaliser_db, rng))
        self._drive = self._power = 0.0
        self._body: np.ndarray | None = None
        if rng.random() < config.drive:
            self._drive = float(rng.uniform(1, config.most_drive))
        if rng.random() < config.envelope:
            self._power = float(rng.uniform(-1, 1)) * config.most_envelope
        if rng.random() < config.body:
            self._body = _body(config, rng)
        self._backwards = bool(rng.random() < config.backwards)

    def __call__(self, sound: np.ndarray) -> np.ndarray:
        """Return sound, `(n_channels, n_frames)`, in this timbre, at its level."""
        before = _level(sound)
        if before < _SILENT:
            return sound
        if self._backwards:
            sound = np.ascontiguousarray(sound[:, ::-1])
        sound = self._filters(sound, SAMPLE_RATE)
        if self._drive:
            knee = 6 * _level(sound) / self._drive
            sound = np.tanh(sound / knee) * knee
        if self._power:
            sound = sound * _envelope(sound) ** self._power
        if self._body is not None:
            longer = signal.oaconvolve(sound, self._body, axes=1)
            sound = longer[:, : sound.shape[1]]
        gain = before / max(_level(sound), _SILENT)
        return np.asarray(sound * gain, np.float32)


def _body(config: NewTimbreConfig, rng: np.random.Generator) -> np.ndarray:
    """Return an impulse and noise that decays behind it, `(1, n_taps)`."""
    ends = np.log([config.shortest_body_s, config.longest_body_s])
    decay = np.exp(rng.uniform(*ends)) * SAMPLE_RATE
    time = np.arange(round(4 * decay))
    noise = rng.standard_normal(len(time)) * np.exp(-time / decay)
    wet = rng.uniform(0.1, max(config.most_body, 0.1))
    noise *= wet / np.sqrt(decay / 2)  # of power wet ** 2
    noise[0] += 1
    return noise[None].astype(np.float32)


def _envelope(sound: np.ndarray) -> np.ndarray:
    """Return how loud a sound is, from `_QUIETEST` to about 1, `(n_frames,)`."""
    step = 1 / (_FOLLOWER_S * SAMPLE_RATE)
    power = signal.lfilter([step], [1, step - 1], np.square(sound).sum(axis=0))
    loud = np.sqrt(np.maximum(power, 0))
    return np.asarray(loud / max(loud.max(), _SILENT) + _QUIETEST, np.float32)


def _level(sound: np.ndarray) -> float:
    flat = sound.ravel()
    return float(np.sqrt(np.dot(flat, flat) / flat.size))
