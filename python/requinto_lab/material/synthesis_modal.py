# SPDX-License-Identifier: GPL-3.0-or-later
"""Struck bars and strings as sums of decaying modes, one note at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.synthesis_strings import hertz

# Modes of bars relative to the lowest: free, and tuned as a marimba's and a
# xylophone's (Fletcher and Rossing, "The Physics of Musical Instruments", 2nd
# ed., 1998, sections 2.14 and 19.3)
_BARS = ((1.0, 2.756, 5.404, 8.933), (1.0, 4.0, 9.9, 17.5), (1.0, 3.0, 6.1, 10.3))


@dataclass(frozen=True)
class ModesParams:
    """One imaginary instrument."""

    ratios: tuple[float, ...]
    levels: tuple[float, ...]
    decay_s: float  # of the lowest mode of A4, to -60 dB
    damping: float  # of high modes against low ones
    hardness: float  # of the mallet or hammer, Hz
    knock: float
    strings: int  # slightly detuned copies
    tremolo_hz: float
    tremolo: float


def sample_modes(rng: np.random.Generator, *, instrument: str) -> ModesParams:
    """Return a "mallets" or a "piano" at random."""
    if instrument == "piano":
        n = np.arange(1, 25)
        stiffness = np.exp(rng.uniform(np.log(1e-4), np.log(8e-4)))
        ratios = n * np.sqrt(1 + stiffness * n**2)
        levels = 1 / n ** rng.uniform(0.4, 1.0)
        strike = rng.uniform(0.09, 0.14)
        levels = levels * np.abs(np.sin(np.pi * n * strike))
        decay_s, strings, tremolo = rng.uniform(3, 12), int(rng.integers(2, 4)), 0.0
    else:
        ratios = np.array(_BARS[rng.integers(len(_BARS))]) * [
            1,
            *rng.normal(1, 0.01, 3),
        ]
        levels = np.array([1, *rng.uniform(0.05, 0.6, 3)])
        decay_s, strings = np.exp(rng.uniform(np.log(0.4), np.log(6))), 1
        tremolo = float(rng.choice((0, 0, 0.3)))
    return ModesParams(
        ratios=tuple(ratios),
        levels=tuple(levels),
        decay_s=float(decay_s),
        damping=float(rng.uniform(0.05, 0.5)),
        hardness=float(np.exp(rng.uniform(np.log(1200), np.log(7000)))),
        knock=float(rng.uniform(0, 0.4)),
        strings=strings,
        tremolo_hz=float(rng.uniform(3, 7)),
        tremolo=tremolo,
    )


def strike_modes(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: ModesParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a note, mono."""
    time = np.arange(n_frames, dtype=np.float32) / SAMPLE_RATE
    note = np.zeros(n_frames, np.float32)
    longest_s = params.decay_s * 2 ** ((69 - pitch) / 18)
    hardness = params.hardness * (0.4 + 0.8 * velocity)
    for ratio, level in zip(params.ratios, params.levels, strict=True):
        frequency = hertz(pitch) * ratio
        if frequency > 0.42 * SAMPLE_RATE:
            continue
        decay_s = longest_s / (1 + params.damping * (ratio - 1))
        size = min(int(1.2 * decay_s * SAMPLE_RATE) + 1, n_frames)
        t = time[:size]
        amount = level / (1 + (frequency / hardness) ** 2)
        for copy in range(params.strings):
            cents = (copy - (params.strings - 1) / 2) * 0.8
            omega = np.float32(2 * np.pi * frequency * 2 ** (cents / 1200))
            wave = np.sin(omega * t + np.float32(0.3 * rng.random()))
            rate = np.float32(6.9 / decay_s * (1 + 0.6 * copy))
            note[:size] += (
                np.float32(amount / params.strings) * wave * np.exp(-rate * t)
            )
    n_knock = min(int(0.012 * SAMPLE_RATE), n_frames)
    knock = rng.normal(0, 1, n_knock) * np.exp(-np.arange(n_knock) / 120)
    note[:n_knock] += (params.knock * velocity * knock).astype(np.float32)
    shaking = 1 + params.tremolo * np.sin(2 * np.pi * params.tremolo_hz * time)
    rise = np.minimum(time / 0.0008, 1)
    return np.asarray(note * shaking * rise * velocity**1.3)
