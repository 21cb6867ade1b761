# SPDX-License-Identifier: GPL-3.0-or-later
"""A drum kit of oscillators and noise, as drum machines had, a stroke at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

from requinto_lab.material.soundfonts import SAMPLE_RATE

_HIT_S = {"hat": 0.07, "open": 0.5, "ride": 0.9, "crash": 1.4, "clap": 0.25}


@dataclass(frozen=True)
class KitParams:
    """One imaginary drum machine."""

    kick_hz: float
    kick_sweep: float
    kick_s: float
    snare_hz: float
    snare_noise: float
    snare_s: float
    tom_hz: float
    metal_hz: tuple[float, ...]  # square oscillators of the cymbals
    metal_noise: float
    cymbal_floor_hz: float
    cymbal_length: float  # factor
    click: float


def sample_circuit(rng: np.random.Generator, *, instrument: str = "drums") -> KitParams:
    """Return a drum machine at random."""
    del instrument  # there is one class of kit
    return KitParams(
        kick_hz=float(rng.uniform(42, 75)),
        kick_sweep=float(rng.uniform(1, 5)),
        kick_s=float(rng.uniform(0.12, 0.6)),
        snare_hz=float(rng.uniform(150, 260)),
        snare_noise=float(rng.uniform(0.5, 1.5)),
        snare_s=float(rng.uniform(0.1, 0.3)),
        tom_hz=float(rng.uniform(120, 220)),
        metal_hz=tuple(rng.uniform(220, 900, 6)),
        metal_noise=float(rng.uniform(0.2, 1.5)),
        cymbal_floor_hz=float(rng.uniform(4000, 9000)),
        cymbal_length=float(rng.uniform(0.6, 1.5)),
        click=float(rng.uniform(0.05, 0.5)),
    )


def hit(
    sound: str, velocity: float, params: KitParams, rng: np.random.Generator
) -> np.ndarray:
    """Return one stroke of the drum kit (`instruments.STROKES`), mono."""
    if sound in ("kick", "tom", "floor"):
        return _skin(sound, params, rng) * velocity**1.3
    if sound in ("snare", "rim"):
        return _snare(sound, params, rng) * velocity**1.3
    return _noisy(sound, params, rng) * velocity**1.3


def _skin(sound: str, params: KitParams, rng: np.random.Generator) -> np.ndarray:
    base = {"kick": params.kick_hz, "tom": params.tom_hz, "floor": 0.7 * params.tom_hz}[
        sound
    ]
    decay_s = params.kick_s * (1.0 if sound == "kick" else 0.9)
    time = np.arange(int(1.2 * decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    sweep = params.kick_sweep * (1.0 if sound == "kick" else 0.15)
    rate = base * (1 + sweep * np.exp(-time / 0.02))
    note = np.sin(2 * np.pi * np.cumsum(rate) / SAMPLE_RATE)
    note *= np.exp(-5 * time / decay_s)
    return np.asarray(note + _click(len(time), params, rng))


def _snare(sound: str, params: KitParams, rng: np.random.Generator) -> np.ndarray:
    decay_s = params.snare_s if sound == "snare" else 0.06
    base = params.snare_hz * (1.0 if sound == "snare" else 3.3)
    time = np.arange(int(1.3 * decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * base * time) + 0.6 * np.sin(
        2 * np.pi * 1.59 * base * time
    )
    tone *= np.exp(-9 * time / decay_s)
    high = signal.butter(2, 1500, "high", fs=SAMPLE_RATE, output="sos")
    wires = signal.sosfilt(high, rng.normal(0, 1, len(time)))
    amount = params.snare_noise if sound == "snare" else 0.15
    wires *= amount * np.exp(-5 * time / decay_s)
    return np.asarray(0.6 * tone + 0.5 * wires + _click(len(time), params, rng))


def _noisy(sound: str, params: KitParams, rng: np.random.Generator) -> np.ndarray:
    decay_s = _HIT_S[sound] * params.cymbal_length
    time = np.arange(int(1.1 * decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    noise = params.metal_noise * rng.normal(0, 1, len(time))
    if sound == "clap":
        band = signal.butter(2, [700, 2500], "band", fs=SAMPLE_RATE, output="sos")
        bursts = sum(
            (time > at) * np.exp(-np.maximum(time - at, 0) / 0.006)
            for at in (0.0, 0.011, 0.022)
        )
        body = np.exp(-6 * time / decay_s) * (time > 0.03)
        return np.asarray(signal.sosfilt(band, noise) * (bursts + body))
    metal = (
        sum(np.sign(np.sin(2 * np.pi * hz * 4 * time)) for hz in params.metal_hz) / 3
    )
    if sound == "ride":
        metal = metal + np.sin(2 * np.pi * 5 * params.metal_hz[0] * time)
    high = signal.butter(
        3, params.cymbal_floor_hz, "high", fs=SAMPLE_RATE, output="sos"
    )
    ringing = signal.sosfilt(high, metal + noise)
    return np.asarray(0.7 * ringing * np.exp(-6 * time / decay_s))


def _click(n_frames: int, params: KitParams, rng: np.random.Generator) -> np.ndarray:
    decay = np.exp(-np.arange(n_frames) / (0.002 * SAMPLE_RATE))
    return np.asarray(params.click * rng.normal(0, 1, n_frames) * decay)
