# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a stem sound as no instrument of the library does, and others alike.

A model trained on few timbres overfits to them.  A random timbre is applied to a
player and to its reference, so that they remain one player, now an unknown one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pedalboard
from scipy import fft, signal

from requinto.errors import ConfigError
from requinto_lab.material.augmentation import equaliser, rms
from requinto_lab.material.envelopes import ramps
from requinto_lab.material.soundfonts import SAMPLE_RATE

_FOLLOWER_S = 0.01  # time constant of the envelope
_FILTER_TAPS = 2048  # after which the filters' response is below -60 dB
_STEP = 32  # frames between two values of the envelope
_QUIETEST = 0.05  # of the envelope's peak: what lies below is not raised further
_SILENT = 1e-7


@dataclass(frozen=True)
class NewTimbreConfig:
    """How far a timbre is moved; probabilities unless said otherwise."""

    equaliser_db: float = 7.0  # standard deviation of two shelves and a bell
    drive: float = 0.25  # into a soft knee, before the filters; it adds partials
    max_drive: float = 8.0  # gain in front of it
    envelope: float = 0.35  # attacks and decays are exaggerated or evened out
    max_envelope: float = 0.5  # power of the envelope that is multiplied in
    body: float = 0.5  # resonances of a box
    shortest_body_s: float = 0.002  # their decay to 1/e, on a logarithmic scale
    longest_body_s: float = 0.03
    max_body: float = 0.7  # beside the plain sound
    backwards: float = 0.15  # swells where there were strokes: nobody's instrument

    EARLIER_NAMES: ClassVar = {
        "most_drive": "max_drive",
        "most_envelope": "max_envelope",
        "most_body": "max_body",
    }

    def __post_init__(self) -> None:
        for name in ("drive", "envelope", "body", "backwards"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be in [0, 1]")
        if not 0 < self.shortest_body_s <= self.longest_body_s:
            raise ConfigError("shortest_body_s must be above 0, longest_body_s no less")


class NewTimbre:
    """One random timbre.

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
        self._spectrum: np.ndarray | None = None  # of the body, for one length
        if rng.random() < config.drive:
            self._drive = float(rng.uniform(1, config.max_drive))
        if rng.random() < config.envelope:
            self._power = float(rng.uniform(-1, 1)) * config.max_envelope
        if rng.random() < config.body:
            # Filtered itself, it filters too
            body = np.pad(_body(config, rng), ((0, 0), (0, _FILTER_TAPS)))
            self._body = self._filters(body, SAMPLE_RATE)
        self._backwards = bool(rng.random() < config.backwards)

    def __call__(self, sound: np.ndarray) -> np.ndarray:
        """Return sound, `(n_channels, n_frames)`, in this timbre, at its level."""
        before = rms(sound)
        if before < _SILENT:
            return sound
        if self._backwards:
            sound = np.ascontiguousarray(sound[:, ::-1])
        if self._drive:
            knee = 6 * before / self._drive
            sound = np.tanh(sound / knee) * knee
        if self._power:
            sound = sound * _envelope(sound, self._power)
        if self._body is None:
            sound = self._filters(sound, SAMPLE_RATE)
        else:
            sound = self._resonate(sound, self._body)
        gain = before / max(rms(sound), _SILENT)
        return np.asarray(sound * np.float32(gain), np.float32)

    def _resonate(self, sound: np.ndarray, body: np.ndarray) -> np.ndarray:
        """Return sound through the body, convolved at once in the spectrum."""
        n_frames = sound.shape[1]
        size = fft.next_fast_len(n_frames + body.shape[1] - 1, real=True)
        spectrum = self._spectrum
        if spectrum is None or spectrum.shape[1] != size // 2 + 1:
            spectrum = self._spectrum = fft.rfft(body, size)
        return np.asarray(fft.irfft(fft.rfft(sound, size) * spectrum, size))[
            :, :n_frames
        ]


def _body(config: NewTimbreConfig, rng: np.random.Generator) -> np.ndarray:
    """Return an impulse and noise that decays behind it, `(1, n_taps)`."""
    ends = np.log([config.shortest_body_s, config.longest_body_s])
    decay = np.exp(rng.uniform(*ends)) * SAMPLE_RATE
    time = np.arange(round(4 * decay))
    noise = rng.standard_normal(len(time)) * np.exp(-time / decay)
    wet = rng.uniform(0.1, max(config.max_body, 0.1))
    noise *= wet / np.sqrt(decay / 2)  # of power wet ** 2
    noise[0] += 1
    return noise[None].astype(np.float32)


def _envelope(sound: np.ndarray, exponent: float) -> np.ndarray:
    """Return how loud a sound is, `_QUIETEST` to about 1, to a power, `(n_frames,)`.

    Followed in steps of less than a millisecond, and straight between them.
    """
    n_frames = sound.shape[1]
    power = np.square(sound).sum(axis=0)
    power = np.pad(power, (0, -n_frames % _STEP)).reshape(-1, _STEP).mean(axis=1)
    share = 1 - np.exp(-_STEP / (_FOLLOWER_S * SAMPLE_RATE))
    power = signal.lfilter([share], [1, share - 1], power)
    loud = np.sqrt(np.maximum(power, 0))
    loud = loud / max(loud.max(), _SILENT) + _QUIETEST
    return ramps(loud**exponent, _STEP)[:n_frames]
