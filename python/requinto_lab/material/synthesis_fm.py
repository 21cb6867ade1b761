# SPDX-License-Identifier: GPL-3.0-or-later
"""Tones by frequency modulation: any class of instrument, one note at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from requinto_lab.material.characters import CHARACTERS
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.synthesis_strings import hertz

# Carrier and modulator, as multiples of the fundamental
_RATIOS: dict[str, tuple[tuple[int, int], ...]] = {
    "reed": ((1, 2), (3, 2), (1, 1)),
    "brass": ((1, 1),),
    "strings": ((1, 1), (1, 3)),
    "mallets": ((1, 4), (1, 7), (1, 3)),
    "piano": ((1, 1), (1, 14), (1, 2)),
    "flute": ((1, 1), (2, 1)),
}
_ANY_RATIO = ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1))


@dataclass(frozen=True)
class OperatorsParams:
    """One imaginary instrument of two operators and a quieter pair above."""

    carrier: int
    modulator: int
    index: float  # greatest modulation, in radians
    index_floor: float  # share of it that stays
    index_s: float  # time in which it falls (or rises, for `blown`)
    blown: bool  # brightness rises with the tone
    rise_s: float
    fall_s: float
    vibrato_hz: float
    vibrato_cents: float
    second: float  # level of the pair an octave above
    detune: float
    follows_force: float


def sample_operators(rng: np.random.Generator, *, instrument: str) -> OperatorsParams:
    """Return an instrument of a class at random."""
    c = CHARACTERS[instrument]
    ratios = _RATIOS.get(instrument, _ANY_RATIO)
    carrier, modulator = ratios[rng.integers(len(ratios))]
    dark = float(np.mean(c.roll_off))
    return OperatorsParams(
        carrier=carrier,
        modulator=modulator,
        index=float(rng.uniform(0.6, 5.0) / dark**1.3),
        index_floor=float(rng.uniform(0.1, 0.7)),
        index_s=float(np.exp(rng.uniform(np.log(0.04), np.log(0.6)))),
        blown=instrument in ("brass", "reed", "strings"),
        rise_s=float(np.exp(rng.uniform(*np.log(c.rise_s)))),
        fall_s=float(np.exp(rng.uniform(*np.log(c.fall_s)))),
        vibrato_hz=float(rng.uniform(4.5, 6.5)),
        vibrato_cents=float(rng.uniform(*c.vibrato_cents)),
        second=float(rng.uniform(0, 0.4)),
        detune=float(2 ** (rng.choice(c.detune_cents) / 1200)),
        follows_force=c.follows_force,
    )


def operators(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: OperatorsParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a note, mono.

    References
    ----------
    Chowning, "The Synthesis of Complex Audio Spectra by Means of Frequency
    Modulation", J. AES 21(7), 1973.
    """
    time = np.arange(n_frames, dtype=np.float32) / SAMPLE_RATE
    omega = 2 * np.pi * params.vibrato_hz
    depth = params.vibrato_cents / 1200 * np.log(2) * np.minimum(time / 0.4, 1)
    bend = depth * -np.cos(omega * time + rng.uniform(0, 6.28)) / omega
    phase = (2 * np.pi * hertz(pitch) * (time + bend)).astype(np.float32)
    # Sidebands beyond half the rate would fold down
    highest = 0.4 * SAMPLE_RATE / hertz(pitch)
    room = max((highest - params.carrier) / params.modulator - 1, 0.0)
    index = min(params.index * (1 + params.follows_force * (velocity - 0.7)), room)
    fading = np.exp(-time / params.index_s)
    moving = 1 - fading if params.blown else fading
    depth_now = index * (params.index_floor + (1 - params.index_floor) * moving)
    note = np.sin(params.carrier * phase + depth_now * np.sin(params.modulator * phase))
    if 2 * params.carrier < highest:
        other = params.detune * phase
        softer = (
            0.5 * np.minimum(depth_now, room / 2) * np.sin(params.modulator * other)
        )
        note += params.second * np.sin(2 * params.carrier * other + softer)
    rise = np.minimum(time / params.rise_s, 1)
    return np.asarray(note * rise * np.exp(-6.9 * time / params.fall_s) * velocity)
