# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that no network is trained on: for validation, tests and the demo song.

Their structure differs from the training models': strings are two polarisations
that beat and ring a body of decaying noise, drums are swept tones, and the
güira is gated noise (`synthesis_percussion.scrape_noise`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.synthesis_strings import hertz


@dataclass(frozen=True)
class CourseParams:
    """One imaginary guitar or bass with courses of two strings."""

    pick_position: float
    roll_off: float  # partial n begins at n ** -roll_off
    decay_s: float  # of A3's fundamental, to -60 dB
    damping: float  # of high partials against low ones
    beating_cents: float  # between polarisations
    inharmonicity: float
    body: tuple[float, ...]  # impulse response
    body_level: float


def sample_course(rng: np.random.Generator, *, instrument: str) -> CourseParams:
    """Return a "bass", or a guitar, at random."""
    bass = instrument == "bass"
    n_body = int(rng.uniform(0.05, 0.15) * SAMPLE_RATE)
    noise = rng.normal(0, 1, n_body) * np.exp(-6 * np.arange(n_body) / n_body)
    low, high = (50, 900) if bass else (90, 3000)
    band = signal.butter(1, [low, high], "band", fs=SAMPLE_RATE)
    body = signal.lfilter(*band, noise)
    return CourseParams(
        pick_position=float(rng.uniform(0.1, 0.4)),
        roll_off=float(rng.uniform(1.0, 1.9)),
        decay_s=float(rng.uniform(1.5, 5)),
        damping=float(rng.uniform(0.1, 0.35)),
        beating_cents=float(rng.uniform(0.3, 3.0)),
        inharmonicity=float(rng.uniform(3e-5, 2e-4)),
        body=tuple(body / np.sqrt(np.sum(body**2))),
        body_level=float(rng.uniform(0.15, 0.6)),
    )


def pluck_course(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: CourseParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a note of two slightly detuned strings over a body, mono."""
    fundamental = hertz(pitch)
    n = np.arange(1, max(int(min(32, 0.4 * SAMPLE_RATE / fundamental)), 2))
    frequency = fundamental * n * np.sqrt(1 + params.inharmonicity * n**2)
    level = np.sin(np.pi * n * params.pick_position)
    level = level / n ** (params.roll_off + 0.5 * (1 - velocity))
    decay_s = params.decay_s * 2 ** ((57 - pitch) / 20) / (1 + params.damping * (n - 1))
    detune = 2 ** (params.beating_cents / 1200)
    time = np.arange(n_frames, dtype=np.float32) / SAMPLE_RATE
    note = np.zeros(n_frames, np.float32)
    for f, a, d in zip(frequency, level, decay_s, strict=True):
        t = time[: int(1.2 * d * SAMPLE_RATE) + 1]
        first = np.exp(-6.9 * t / d) * np.sin(np.float32(2 * np.pi * f) * t)
        second = np.exp(-11 * t / d) * np.sin(np.float32(2 * np.pi * f * detune) * t)
        note[: len(t)] += np.float32(a) * (first + np.float32(0.7) * second)
    # The plectrum leaves the string over a millisecond
    n_pick = int((0.0006 + 0.0012 * (1 - velocity)) * SAMPLE_RATE)
    note[:n_pick] *= np.hanning(2 * n_pick)[:n_pick].astype(np.float32)
    scrape = rng.normal(0, 1, n_pick) * 0.05 * np.abs(note).max()
    note[:n_pick] += scrape.astype(np.float32)
    ringing = signal.fftconvolve(note, np.array(params.body, np.float32))[:n_frames]
    return np.asarray((note + params.body_level * ringing) * velocity**1.4)


@dataclass(frozen=True)
class SweepParams:
    """One pair of drums."""

    high_hz: float
    low_hz: float
    sweep: float  # the stroke begins sharper by this factor
    sweep_s: float
    decay_s: float
    overtone: float
    crack_hz: float
    crack: float


def sample_sweep(rng: np.random.Generator, *, instrument: str = "bongo") -> SweepParams:
    """Return a pair of bongos, congas or timbales at random."""
    lowered = {"bongo": 1.0, "conga": 0.5, "timbales": 0.8}[instrument]
    high_hz = lowered * float(rng.uniform(360, 560))
    return SweepParams(
        high_hz=high_hz,
        low_hz=high_hz / float(rng.uniform(1.3, 1.6)),
        sweep=float(rng.uniform(0.05, 0.35)),
        sweep_s=float(rng.uniform(0.004, 0.015)),
        decay_s=float(rng.uniform(0.15, 0.4)),
        overtone=float(rng.uniform(0.1, 0.5)),
        crack_hz=float(rng.uniform(1500, 4500)),
        crack=float(rng.uniform(0.15, 0.6)),
    )


def strike_sweep(
    sound: str, velocity: float, params: SweepParams, rng: np.random.Generator
) -> np.ndarray:
    """Return a stroke of `instruments.STROKES`, mono."""
    base = params.low_hz if sound in ("lo", "low") else params.high_hz
    if sound == "bell":
        base *= 4.2
    muted = {"tip": 0.2, "mute": 0.2, "slap": 0.35, "bell": 0.6}
    decay_s = params.decay_s * muted.get(sound, 1.2 if sound in ("lo", "low") else 1.0)
    time = np.arange(int(1.1 * decay_s * SAMPLE_RATE) + 1200) / SAMPLE_RATE
    glide = 1 + params.sweep * velocity * np.exp(-time / params.sweep_s)
    phase = 2 * np.pi * np.cumsum(base * glide) / SAMPLE_RATE
    skin = np.sin(phase) * np.exp(-6.9 * time / decay_s)
    for ratio, share in ((1.51, 1.0), (1.98, 0.7), (2.44, 0.4)):
        rate = 6.9 * ratio**1.2 / decay_s
        skin += params.overtone * share * np.sin(ratio * phase) * np.exp(-rate * time)
    crack = rng.laplace(0, 1, len(time)) * np.exp(-time / 0.005)
    peak = signal.iirpeak(params.crack_hz, 1.2, fs=SAMPLE_RATE)
    amount = params.crack * (2.5 if sound in ("slap", "tip", "mute") else 1.0)
    crack = amount * signal.lfilter(*peak, crack)
    return np.asarray((skin + crack) * velocity**1.3)
