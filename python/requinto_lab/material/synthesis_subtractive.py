# SPDX-License-Identifier: GPL-3.0-or-later
"""Tones by filtering: a rich wave through a moving low-pass and a body.

Here the filters run in time, over a wave without aliases, where
`synthesis_additive` sets the level of each partial.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

from requinto_lab.material.characters import CHARACTERS
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.synthesis_strings import hertz

_BLOCK = 256  # frames for which the low-pass stands still


@dataclass(frozen=True)
class PatchParams:
    """One imaginary instrument."""

    width: float  # of the pulse; 0 for a saw
    cutoff: float  # multiples of the fundamental
    opening: float  # factor by which it opens, octaves
    opening_s: float
    resonance: float  # Q
    rise_s: float
    fall_s: float
    vibrato_hz: float
    vibrato_cents: float
    detune: float
    breath: float
    body_hz: tuple[float, ...]
    body_q: float
    follows_force: float


def sample_patch(rng: np.random.Generator, *, instrument: str) -> PatchParams:
    """Return an instrument of a class at random."""
    c = CHARACTERS[instrument]
    dark = float(rng.uniform(*c.roll_off))
    hollow = float(rng.choice(c.odd)) > 0.3
    body = c.formants_hz
    if instrument == "voice":
        body = ((350, 800), (900, 1800), (2400, 3000), (3200, 3600))
    return PatchParams(
        width=0.5 if hollow else float(rng.choice((0.0, 0.0, 0.2, 0.35))),
        cutoff=float(rng.uniform(4, 14) / dark**2),
        opening=float(rng.uniform(*c.sweep)) * (1 if c.rise_s[1] > 0.05 else -1),
        opening_s=float(rng.uniform(0.05, 0.5)),
        resonance=float(rng.uniform(0.5, 2.0)),
        rise_s=float(np.exp(rng.uniform(*np.log(c.rise_s)))),
        fall_s=float(np.exp(rng.uniform(*np.log(c.fall_s)))),
        vibrato_hz=float(rng.uniform(4.5, 6.5)),
        vibrato_cents=float(rng.uniform(*c.vibrato_cents)),
        detune=float(2 ** (rng.choice(c.detune_cents) / 1200)),
        breath=float(rng.uniform(*c.breath)),
        body_hz=tuple(float(rng.uniform(*hz)) for hz in body),
        body_q=float(rng.uniform(2, 8)),
        follows_force=c.follows_force,
    )


def patch(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: PatchParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a note, mono."""
    time = np.arange(n_frames) / SAMPLE_RATE
    omega = 2 * np.pi * params.vibrato_hz
    depth = params.vibrato_cents / 1200 * np.log(2) * np.minimum(time / 0.4, 1)
    rate = hertz(pitch) * (1 + depth * np.sin(omega * time + rng.uniform(0, 6.28)))
    wave = _wave(rate, params.width, rng)
    if params.detune != 1:
        wave = wave + _wave(rate * params.detune, params.width, rng)
    wave += 2 * params.breath * rng.normal(0, 1, n_frames)
    wave = _low_pass(wave, pitch, velocity, params)
    for centre in params.body_hz:
        peak = signal.iirpeak(
            min(centre, 0.45 * SAMPLE_RATE), params.body_q, SAMPLE_RATE
        )
        wave = wave + 1.5 * signal.lfilter(*peak, wave)
    rise = np.minimum(time / params.rise_s, 1)
    return np.asarray(wave * rise * np.exp(-6.9 * time / params.fall_s) * velocity)


def _wave(rate: np.ndarray, width: float, rng: np.random.Generator) -> np.ndarray:
    """Return a saw or a pulse, its corners rounded over two frames.

    References
    ----------
    Valimaki and Huovilainen, "Antialiasing Oscillators in Subtractive
    Synthesis", IEEE Signal Processing Magazine 24(2), 2007 (polynomial
    band-limited step).
    """
    step = rate / SAMPLE_RATE
    phase = (np.cumsum(step) + rng.random()) % 1
    saw = _saw(phase, step)
    return saw - _saw((phase + width) % 1, step) if width else saw


def _saw(phase: np.ndarray, step: np.ndarray) -> np.ndarray:
    after = np.minimum(phase / step, 1)
    before = np.maximum((phase - 1) / step, -1)
    corner = np.where(phase < step, 2 * after - after**2 - 1, 0)
    corner += np.where(phase > 1 - step, before**2 + 2 * before + 1, 0)
    return np.asarray(2 * phase - 1 - corner)


def _low_pass(
    wave: np.ndarray, pitch: float, velocity: float, params: PatchParams
) -> np.ndarray:
    base = hertz(pitch) * params.cutoff * (1 + params.follows_force * (velocity - 0.7))
    out = np.empty_like(wave)
    state = np.zeros(2)
    for start in range(0, len(wave), _BLOCK):
        gone = np.exp(-start / SAMPLE_RATE / params.opening_s)
        octaves = -params.opening * gone
        cutoff = float(np.clip(base * 2**octaves, 120, 0.42 * SAMPLE_RATE))
        b, a = _two_poles(cutoff, params.resonance)
        block = slice(start, start + _BLOCK)
        out[block], state = signal.lfilter(b, a, wave[block], zi=state)
    return out


def _two_poles(cutoff: float, q: float) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of a low-pass of the second order (Bristow-Johnson's)."""
    w = 2 * np.pi * cutoff / SAMPLE_RATE
    alpha = np.sin(w) / (2 * q)
    b = np.array([(1 - np.cos(w)) / 2, 1 - np.cos(w), (1 - np.cos(w)) / 2])
    a = np.array([1 + alpha, -2 * np.cos(w), 1 - alpha])
    return b / a[0], a / a[0]
