# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds that last, summed from partials: any tone, and a singing voice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from requinto_lab.material.characters import CHARACTERS
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.synthesis_strings import hertz

# Formants of sung vowels, Hz, and their levels in dB (Csound manual, appendix
# "Formant values", tenor)
_VOWELS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((650, 0), (1080, -6), (2650, -7), (2900, -8), (3250, -22)),
    ((400, 0), (1700, -14), (2600, -12), (3200, -14), (3580, -20)),
    ((290, 0), (1870, -15), (2800, -18), (3250, -20), (3540, -30)),
    ((400, 0), (800, -10), (2600, -12), (2800, -12), (3000, -26)),
    ((350, 0), (600, -20), (2700, -17), (2900, -14), (3300, -26)),
)


@dataclass(frozen=True)
class ToneParams:
    """One imaginary instrument, or one singer."""

    roll_off: float  # partial n has level n ** -roll_off
    odd: float  # share of even partials removed
    rise_s: float
    fall_s: float  # of the level while held, to -60 dB
    vibrato_hz: float
    vibrato_cents: float
    sweep: float  # how much the spectrum opens at the start
    detune_cents: float  # of a second oscillator; 0 for none
    breath: float
    throat: float  # factor of the formants
    follows_force: float
    body_hz: tuple[float, ...]  # resonances


def sample_tone(rng: np.random.Generator, *, instrument: str) -> ToneParams:
    """Return an instrument of a class at random."""
    c = CHARACTERS[instrument]
    return ToneParams(
        roll_off=float(rng.uniform(*c.roll_off)),
        odd=float(rng.choice(c.odd)),
        rise_s=float(np.exp(rng.uniform(*np.log(c.rise_s)))),
        fall_s=float(np.exp(rng.uniform(*np.log(c.fall_s)))),
        vibrato_hz=float(rng.uniform(4.5, 6.5)),
        vibrato_cents=float(rng.uniform(*c.vibrato_cents)),
        sweep=float(rng.uniform(*c.sweep)),
        detune_cents=float(rng.choice(c.detune_cents)),
        breath=float(rng.uniform(*c.breath)),
        throat=float(rng.uniform(0.9, 1.25)),
        follows_force=c.follows_force,
        body_hz=tuple(float(rng.uniform(*hz)) for hz in c.formants_hz),
    )


def tone(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: ToneParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a held note, mono."""
    time = np.arange(n_frames, dtype=np.float32) / SAMPLE_RATE
    n = np.arange(1, _n_partials(pitch, 30) + 1)
    roll_off = params.roll_off + params.follows_force * (0.7 - velocity)
    level = n**-roll_off * np.where(n % 2, 1, 1 - params.odd) * _body(n, pitch, params)
    opening = params.sweep * np.exp(-time / 0.15)
    note = np.zeros(n_frames, np.float32)
    voices = (1.0, 2 ** (params.detune_cents / 1200)) if params.detune_cents else (1.0,)
    for detune in voices:
        phase = _phase(pitch, time, params, rng) * np.float32(detune)
        for k, a in zip(n, level, strict=True):
            if a > 0:
                # Higher partials arrive late where the patch opens
                shape = np.exp(-opening * np.float32(0.08 * (k - 1)))
                note += np.float32(a) * shape * np.sin(np.float32(k) * phase)
    note += np.float32(params.breath) * rng.normal(0, 1, n_frames).astype(np.float32)
    envelope = np.minimum(time / params.rise_s, 1) * np.exp(-6.9 * time / params.fall_s)
    return np.asarray(note * envelope * velocity)


def sing(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: ToneParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a sung note, mono: partials under formants that glide to a vowel."""
    time = np.arange(n_frames, dtype=np.float32) / SAMPLE_RATE
    before, vowel = (_VOWELS[i] for i in rng.integers(len(_VOWELS), size=2))
    glide_s = float(rng.uniform(0.04, 0.12))
    mix = np.minimum(time / glide_s, 1)
    phase = _phase(pitch, time, params, rng)
    note = np.zeros(n_frames, np.float32)
    for k in range(1, _n_partials(pitch, 40) + 1):
        frequency = k * hertz(pitch) / params.throat
        first, last = _formants(frequency, before), _formants(frequency, vowel)
        level = (first + (last - first) * mix) * np.float32(k**-params.roll_off)
        note += level * np.sin(np.float32(k) * phase)
    hiss = rng.normal(0, 1, n_frames).astype(np.float32)
    hiss[1:] -= hiss[:-1]
    consonant = rng.uniform(0, 0.4) * np.exp(-time / 0.02)
    note += np.float32(params.breath) * (1 + 10 * consonant) * hiss
    rise = np.minimum(time / params.rise_s, 1)
    return np.asarray(note * rise * velocity)


def _body(n: np.ndarray, pitch: float, params: ToneParams) -> np.ndarray:
    """Gain of each partial in the body: a floor and its resonances."""
    gain = np.full(len(n), 1.0 if not params.body_hz else 0.35)
    for centre in params.body_hz:
        gain += 1.3 / (1 + (4 * np.log2(n * hertz(pitch) / centre)) ** 2)
    return gain


def _n_partials(pitch: float, max_partials: int) -> int:
    return max(min(max_partials, int(0.4 * SAMPLE_RATE / hertz(pitch))), 1)


def _phase(
    pitch: float, time: np.ndarray, params: ToneParams, rng: np.random.Generator
) -> np.ndarray:
    depth = params.vibrato_cents / 1200 * np.log(2) * np.minimum(time / 0.4, 1)
    start = rng.uniform(0, 6.28)
    omega = 2 * np.pi * params.vibrato_hz
    scoop = -0.03 * np.exp(-time / 0.04) * (params.vibrato_cents > 30)
    rate = hertz(pitch) * (1 + depth * np.sin(omega * time + start) + scoop)
    return np.asarray(2 * np.pi * np.cumsum(rate) / SAMPLE_RATE).astype(np.float32)


def _formants(frequency: float, vowel: tuple[tuple[float, float], ...]) -> np.float32:
    level = 0.0
    for centre, db in vowel:
        width = 60 + 0.04 * centre
        level += 10 ** (db / 20) / (1 + ((frequency - centre) / width) ** 2)
    return np.float32(level + 0.003)
