# SPDX-License-Identifier: GPL-3.0-or-later
"""A guitar amplifier, its cabinet and what stands behind: one for a whole part.

Notes are summed first and driven together, as on a record: chords then make the
sums and differences of their partials that single distorted notes do not have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pedalboard
import soxr
from scipy import signal

from requinto_lab.material.finishing import active_power
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.tables import look_up

LEVEL = 0.1  # RMS where it sounds, of what an amplifier returns
_OVERSAMPLING = 4  # the waveshaper's partials would fold back otherwise
_SILENT = 1e-10  # mean square
_N_TAPS = 2048

Range = tuple[float, float]
# How to make an effect: one that is kept would let its tail into the next part
Effect = Callable[[], pedalboard.Plugin]


class Kind(NamedTuple):
    """Ranges that an amplifier's settings are random within."""

    drive_db: Range  # before the first stage, of a signal with a peak near 0.5
    n_stages: int
    tight_hz: Range  # what lies below does not reach the first stage
    push_db: Range  # of the middle, before it
    cabinet: str  # "guitar", "bass" or "none"
    echo: float  # probability
    room_wet: float  # most of it


KINDS: dict[str, Kind] = {
    "direct": Kind((-20, -10), 0, (30, 50), (-3, 3), "none", 0.0, 0.3),
    "clean": Kind((-8, 4), 1, (50, 90), (-3, 3), "guitar", 0.2, 0.3),
    "crunch": Kind((12, 22), 1, (70, 130), (0, 6), "guitar", 0.1, 0.2),
    "high-gain": Kind((18, 32), 2, (90, 180), (2, 9), "guitar", 0.0, 0.1),
    "lead": Kind((20, 34), 2, (90, 200), (3, 9), "guitar", 0.7, 0.3),
    "bass": Kind((-8, 6), 1, (25, 40), (-3, 3), "bass", 0.0, 0.05),
    "bass-drive": Kind((14, 26), 1, (25, 45), (0, 6), "bass", 0.0, 0.05),
}


@dataclass(frozen=True, eq=False)
class Amplifier:
    """Settings of one amplifier; `sample_amplifier` makes them."""

    drive: float  # gain before the first stage
    n_stages: int
    bias: float  # of the waveshaper: even partials
    before: tuple[Effect, ...]
    tone: tuple[Effect, ...]
    cabinet: np.ndarray | None  # impulse response, (n_taps,)
    after: tuple[Effect, ...]

    def __call__(self, sound: np.ndarray) -> np.ndarray:
        """Return a part through the amplifier.

        Parameters
        ----------
        sound : np.ndarray, shape=(1, n_frames)
            All its notes; of any level.

        Returns
        -------
        np.ndarray, shape=(1, n_frames)
            float32, of the same length, with an RMS of `LEVEL` where it sounds;
            silence stays silence.
        """
        if active_power(sound) < _SILENT:
            return np.zeros_like(sound, np.float32)
        peak = float(np.percentile(np.abs(sound), 99.8)) + 1e-9
        driven = _through(self.before, sound * np.float32(0.5 / peak))
        driven = _through(self.tone, self._saturate(driven))
        if self.cabinet is not None:
            longer = signal.oaconvolve(driven, self.cabinet[None], axes=1)
            driven = longer[:, : sound.shape[1]].astype(np.float32)
        driven = _through(self.after, _at_level(driven))
        return _at_level(driven)

    def _saturate(self, sound: np.ndarray) -> np.ndarray:
        """Return sound through the stages, each a soft and uneven knee."""
        if not self.n_stages:
            return sound
        fine = soxr.resample(sound[0], 1, _OVERSAMPLING).astype(np.float32)
        high_pass = signal.butter(1, 40, "high", fs=_OVERSAMPLING * SAMPLE_RATE)
        for stage in range(self.n_stages):
            gain = self.drive if stage == 0 else 4.0
            # Less what silence gives, or the part would begin with a click
            rest = np.float32(np.tanh(self.bias))
            fine = np.tanh(gain * fine + np.float32(self.bias)) - rest
            fine = signal.lfilter(*high_pass, fine).astype(np.float32)
        coarse = soxr.resample(fine, _OVERSAMPLING, 1)[: sound.shape[1]]
        missing = sound.shape[1] - len(coarse)
        return np.pad(coarse, (0, missing)).astype(np.float32)[None]


def sample_amplifier(kind: str, rng: np.random.Generator) -> Amplifier:
    """Return an amplifier with random settings.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    rng : np.random.Generator
        Source of every setting.

    Raises
    ------
    ConfigError
        If there is no such kind.
    """
    row = look_up(KINDS, kind, "unknown amplifier")
    push = float(rng.uniform(*row.push_db))
    before = (
        partial(pedalboard.HighpassFilter, float(rng.uniform(*row.tight_hz))),
        partial(pedalboard.PeakFilter, float(rng.uniform(500, 1100)), push, 0.7),
    )
    return Amplifier(
        drive=10 ** (float(rng.uniform(*row.drive_db)) / 20),
        n_stages=row.n_stages,
        bias=float(rng.uniform(0, 0.25)),
        before=before,
        tone=_tone(rng),
        cabinet=sample_cabinet(row.cabinet, rng) if row.cabinet != "none" else None,
        after=_effects(row, rng),
    )


def _tone(rng: np.random.Generator) -> tuple[Effect, ...]:
    """Return bass, middle and treble knobs."""
    low, middle, high = (float(db) for db in rng.uniform(-6, 6, 3))
    return (
        partial(pedalboard.LowShelfFilter, float(rng.uniform(100, 250)), low, 0.7),
        partial(pedalboard.PeakFilter, float(rng.uniform(350, 900)), middle, 0.8),
        partial(pedalboard.HighShelfFilter, float(rng.uniform(1800, 4000)), high, 0.7),
    )


def _effects(row: Kind, rng: np.random.Generator) -> tuple[Effect, ...]:
    """Return what follows the cabinet: compressor, delay, room."""
    chain: list[Effect] = []
    if rng.random() < 0.6:
        threshold_db, ratio = float(rng.uniform(-28, -16)), float(rng.uniform(2, 5))
        attack, release = float(rng.uniform(2, 25)), float(rng.uniform(60, 200))
        chain.append(
            partial(pedalboard.Compressor, threshold_db, ratio, attack, release)
        )
    if rng.random() < row.echo:
        seconds, feedback = float(rng.uniform(0.12, 0.45)), float(rng.uniform(0.1, 0.4))
        chain.append(
            partial(pedalboard.Delay, seconds, feedback, float(rng.uniform(0.08, 0.3)))
        )
    wet = float(rng.uniform(0, row.room_wet))
    size, damping = float(rng.uniform(0.05, 0.5)), float(rng.uniform(0.3, 0.9))
    chain.append(partial(pedalboard.Reverb, size, damping, wet, 1 - wet))
    return tuple(chain)


def sample_cabinet(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Return the impulse response of a loudspeaker before a microphone.

    A minimum-phase filter of a random magnitude: the cone's resonance, its limits,
    a presence peak, and the notches of a microphone off its axis.

    Parameters
    ----------
    kind : str
        "guitar" or "bass".
    rng : np.random.Generator

    Returns
    -------
    np.ndarray, shape=(n_taps,)
        At 44100 frames a second, of unit peak magnitude.
    """
    hz = np.fft.rfftfreq(2 * _N_TAPS, 1 / SAMPLE_RATE)
    low, high = (70.0, 110.0), (4000.0, 5800.0)
    if kind == "bass":
        low, high = (30.0, 55.0), (2500.0, 7000.0)
    resonance = float(rng.uniform(*low))
    limit = float(rng.uniform(*high))
    db = -10 * np.log10(1 + (0.8 * resonance / np.maximum(hz, 1)) ** 4)
    db -= 10 * np.log10(1 + (hz / limit) ** float(rng.uniform(8, 14)))
    db += _bump(hz, 1.3 * resonance, rng.uniform(2, 6), 0.5)
    db += _bump(hz, rng.uniform(400, 700), rng.uniform(-6, 0), 0.7)
    db += _bump(hz, rng.uniform(1800, 3600), rng.uniform(2, 8), 0.6)
    for _ in range(6):
        db += _bump(hz, np.exp(rng.uniform(6.2, 8.6)), rng.normal(0, 3), 0.12)
    return _minimum_phase(10 ** ((db - db.max()) / 20))


def _bump(hz: np.ndarray, at_hz: float, db: float, octaves: float) -> np.ndarray:
    distance = np.log2(np.maximum(hz, 1) / at_hz) / octaves
    return np.asarray(db * np.exp(-(distance**2)))


def _minimum_phase(magnitude: np.ndarray) -> np.ndarray:
    """Return the impulse response of a magnitude, by folding its cepstrum."""
    n = 2 * (len(magnitude) - 1)
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, 1e-5)), n)
    cepstrum[1 : n // 2] *= 2
    cepstrum[n // 2 + 1 :] = 0
    response = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), n)[:_N_TAPS]
    response[-256:] *= np.linspace(1, 0, 256)
    return np.asarray(response, np.float32)


def _through(chain: tuple[Effect, ...], sound: np.ndarray) -> np.ndarray:
    board = pedalboard.Chain([make() for make in chain])
    return np.asarray(board(sound.astype(np.float32), SAMPLE_RATE))


def _at_level(sound: np.ndarray) -> np.ndarray:
    level = np.sqrt(active_power(sound)) + 1e-9
    return np.asarray(sound * np.float32(LEVEL / level), np.float32)
