# SPDX-License-Identifier: GPL-3.0-or-later
"""Struck, scraped and shaken percussion without samples, one stroke at a time.

Hand drums are membranes of decaying modes; a güira is a rod scraped over ridges of
a metal cylinder (`scrape_ridges`, one impulse a ridge; `scrape_comb`, noise that
the ridges comb; and the unrelated `scrape_noise`, which is kept out of training)
or a cloud of colliding grains (`shake_grains`, a shaker too).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

from requinto_lab.material.soundfonts import SAMPLE_RATE

# Modes of an ideal circular membrane relative to the lowest (Fletcher and
# Rossing, "The Physics of Musical Instruments", 2nd ed., 1998, table 3.1)
_MEMBRANE = np.array([1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.501, 3.6, 4.06])


# Fundamental of the high drum, ratio to the low one, decay in seconds
_PAIRS: dict[str, tuple[tuple[float, float], ...]] = {
    "bongo": ((330, 620), (1.25, 1.75), (0.12, 0.5)),
    "conga": ((170, 300), (1.2, 1.5), (0.25, 0.8)),
    "timbales": ((280, 520), (1.2, 1.5), (0.25, 0.9)),
}
_LOW = ("lo", "low")
_MUTED = {"tip": 0.22, "mute": 0.2, "slap": 0.4, "bell": 0.7}  # share of the decay
_SHARP = ("slap", "tip", "mute")


@dataclass(frozen=True)
class DrumParams:
    """One pair of drums, played by hand or with sticks."""

    high_hz: float
    low_hz: float
    ratios: tuple[float, ...]
    levels: tuple[float, ...]
    decay_s: float  # of the lowest mode when open, to -60 dB
    bend: float  # how much sharper the stroke begins
    noise: float
    noise_hz: float


def sample_drum(rng: np.random.Generator, *, instrument: str = "bongo") -> DrumParams:
    """Return a pair of drums at random."""
    high, ratio, decay = _PAIRS[instrument]
    high_hz = float(rng.uniform(*high))
    n = len(_MEMBRANE)
    return DrumParams(
        high_hz=high_hz,
        low_hz=high_hz / float(rng.uniform(*ratio)),
        ratios=tuple(_MEMBRANE * np.exp(rng.normal(0, 0.05, n))),
        levels=tuple(rng.uniform(0.3, 1.0, n) / np.arange(1, n + 1) ** 0.8),
        decay_s=float(rng.uniform(*decay)),
        bend=float(rng.uniform(0.0, 0.08)),
        noise=float(rng.uniform(0.2, 1.2)),
        noise_hz=float(rng.uniform(1200, 5500)),
    )


def strike(
    sound: str, velocity: float, params: DrumParams, rng: np.random.Generator
) -> np.ndarray:
    """Return one stroke of `instruments.STROKES`, mono.

    "lo" and "low" are the low drum, "bell" its metal shell; the others are the
    high one, open, muted or slapped.
    """
    base = params.low_hz if sound in _LOW else params.high_hz
    if sound == "bell":
        base *= 4.7
    decay_s = params.decay_s * _MUTED.get(sound, 1.25 if sound in _LOW else 1.0)
    n_frames = int(1.1 * decay_s * SAMPLE_RATE) + 1500
    time = np.arange(n_frames) / SAMPLE_RATE
    warp = time + params.bend * 0.02 * (1 - np.exp(-time / 0.02))
    note = np.zeros(n_frames)
    for i, (ratio, level) in enumerate(zip(params.ratios, params.levels, strict=True)):
        if sound == "slap":
            level = level * (0.4 + 0.35 * i)
        elif sound in ("tip", "mute"):
            level = level * (0.6 if i == 0 else 1.0)
        level = level * rng.uniform(0.75, 1.25) * (velocity ** (0.3 * i))
        decay = decay_s / (1 + 0.45 * i)
        wave = np.sin(2 * np.pi * base * ratio * warp + rng.uniform(0, 0.5))
        note += level * np.exp(-6.9 * time / decay) * wave
    hand = rng.normal(0, 1, n_frames) * np.exp(-time / (0.004 + 0.003 * rng.random()))
    centre = params.noise_hz * (1.5 if sound == "slap" else 1.0) / (SAMPLE_RATE / 2)
    low, high = centre * 0.5, min(centre * 1.8, 0.95)
    taps = signal.butter(1, [low, high], "band")
    hand = signal.lfilter(*taps, hand)
    amount = params.noise * (2.0 if sound in _SHARP else 1.0)
    return np.asarray((note + amount * hand * velocity) * velocity**1.3)


@dataclass(frozen=True)
class ScraperParams:
    """One güira or shaker."""

    n_ridges: int  # a long stroke passes so many
    long_s: float
    short_s: float
    modes_hz: tuple[float, ...]
    modes_q: tuple[float, ...]
    modes_level: tuple[float, ...]
    hiss: float  # of broad noise beside the resonances
    floor_hz: float  # nothing below
    irregular: float  # of ridge spacing and force
    grains_per_s: float


def sample_scraper(
    rng: np.random.Generator, *, instrument: str = "guira"
) -> ScraperParams:
    """Return a güira, or the shorter strokes of "maracas", at random."""
    shorter = 0.5 if instrument == "maracas" else 1.0
    n = int(rng.integers(5, 14))
    return ScraperParams(
        n_ridges=int(rng.integers(14, 60)),
        long_s=shorter * float(rng.uniform(0.09, 0.2)),
        short_s=shorter * float(rng.uniform(0.02, 0.06)),
        modes_hz=tuple(np.exp(rng.uniform(np.log(2200), np.log(14000), n))),
        modes_q=tuple(np.exp(rng.uniform(np.log(3), np.log(40), n))),
        modes_level=tuple(rng.uniform(0.2, 1.0, n)),
        hiss=float(rng.uniform(0.1, 1.0)),
        floor_hz=float(rng.uniform(800, 3500)),
        irregular=float(rng.uniform(0.03, 0.35)),
        grains_per_s=float(np.exp(rng.uniform(np.log(600), np.log(6000)))),
    )


def scrape_comb(
    sound: str, velocity: float, params: ScraperParams, rng: np.random.Generator
) -> np.ndarray:
    """Return one stroke, mono: noise of the rod, combed by the ridges it passes.

    The rod's noise comes back from each ridge it has left, a ridge's time later
    (a feedback comb filter), and the rod speeds up and slows down; then the
    metal rings.
    """
    n_frames = _length(sound, params, rng)
    envelope = _stroke_envelope(n_frames, sound, rng)
    noise = rng.normal(0, 1, n_frames) * envelope
    period = params.long_s / params.n_ridges * SAMPLE_RATE
    combed = np.zeros(n_frames)
    n_parts = 4
    speeds = np.linspace(rng.uniform(0.7, 1.0), rng.uniform(1.0, 1.4), n_parts)
    for speed, frames in zip(
        speeds, np.array_split(np.arange(n_frames), n_parts), strict=True
    ):
        delay = max(int(period / speed), 8)
        feedback = np.zeros(delay + 1)
        feedback[0], feedback[-1] = 1.0, -0.75 * (1 - params.irregular)
        combed[frames] = signal.lfilter([1.0], feedback, noise[frames])
    return _ring(combed, params) * velocity**1.3


def _stroke_envelope(n_frames: int, sound: str, rng: np.random.Generator) -> np.ndarray:
    position = np.arange(n_frames) / n_frames
    if sound == "short":
        return np.asarray(np.exp(-3 * position) * (1 - position))
    swell = rng.uniform(0.15, 0.7)  # where a long stroke is loudest
    rise = np.minimum(position / swell, 1) ** rng.uniform(0.3, 1.0)
    return np.asarray(rise * np.minimum((1 - position) / (1 - swell), 1) ** 0.7)


def _length(sound: str, params: ScraperParams, rng: np.random.Generator) -> int:
    seconds = params.short_s if sound == "short" else params.long_s
    return int(seconds * rng.uniform(0.85, 1.15) * SAMPLE_RATE)


def _ring(excitation: np.ndarray, params: ScraperParams) -> np.ndarray:
    """Pass an excitation through the metal's resonances and its floor."""
    size = 1 << int(np.ceil(np.log2(len(excitation) + 4096)))
    frequency = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    response = np.full(len(frequency), params.hiss * 0.3, np.complex128)
    for centre, q, level in zip(
        params.modes_hz, params.modes_q, params.modes_level, strict=True
    ):
        ratio = np.maximum(frequency, 1.0) / centre
        response += level / (1 + 1j * q * (ratio - 1 / ratio))
    response /= 1 + (params.floor_hz / np.maximum(frequency, 1.0)) ** 3
    sound = np.fft.irfft(np.fft.rfft(excitation, size) * response, size)
    return np.asarray(sound[: len(excitation) + 3000])


def scrape_ridges(
    sound: str, velocity: float, params: ScraperParams, rng: np.random.Generator
) -> np.ndarray:
    """Return one stroke over ridges, mono: a run of clicks that rings metal."""
    n_frames = _length(sound, params, rng)
    ridges = params.n_ridges if sound == "long" else max(params.n_ridges // 4, 3)
    spacing = np.maximum(rng.normal(1, params.irregular, ridges), 0.1)
    speed = np.linspace(rng.uniform(0.7, 1.4), 1.0, ridges)
    positions = np.cumsum(spacing / speed)
    positions = ((positions - positions[0]) / positions[-1] * (n_frames - 20)).astype(
        int
    )
    envelope = _stroke_envelope(n_frames, sound, rng)
    excitation = np.zeros(n_frames)
    force = np.abs(rng.normal(1, params.irregular, ridges)) * envelope[positions]
    np.add.at(excitation, positions, force * rng.choice((-1, 1), ridges))
    excitation += 0.05 * params.hiss * rng.normal(0, 1, n_frames) * envelope
    return _ring(excitation, params) * velocity**1.3


def shake_grains(
    sound: str, velocity: float, params: ScraperParams, rng: np.random.Generator
) -> np.ndarray:
    """Return one shake, mono: random collisions whose energy dies away.

    References
    ----------
    Cook, "Physically Informed Sonic Modeling (PhISM)", Computer Music Journal
    21(3), 1997, doi:10.2307/3681012.
    """
    n_frames = _length(sound, params, rng)
    envelope = _stroke_envelope(n_frames, sound, rng)
    hits = rng.random(n_frames) < params.grains_per_s / SAMPLE_RATE
    hits[:2] = True
    excitation = hits * rng.normal(0, 1, n_frames) * (envelope + 0.02)
    smooth = signal.lfilter([1.0], [1.0, -0.75], rng.normal(0, 1, n_frames))
    excitation = excitation + 0.1 * smooth * envelope * hits
    return _ring(excitation, params) * velocity**1.3


def scrape_noise(
    sound: str, velocity: float, params: ScraperParams, rng: np.random.Generator
) -> np.ndarray:
    """Return one stroke of shaped noise, mono; no impulses, no resonators.

    White noise is opened and shut once a ridge by a sawtooth whose rate glides,
    in two bands.  Used for validation only.
    """
    n_frames = _length(sound, params, rng)
    time = np.arange(n_frames) / SAMPLE_RATE
    rate = params.n_ridges / params.long_s
    glide = 1 + rng.uniform(-0.3, 0.3) * np.linspace(-1, 1, n_frames)
    phase = np.cumsum(rate * glide) / SAMPLE_RATE
    saw = (1 - phase % 1) ** (1 + 4 * params.irregular)
    envelope = _stroke_envelope(n_frames, sound, rng)
    noise = rng.normal(0, 1, (2, n_frames))
    middle = float(np.clip(np.median(params.modes_hz), 3500, 10000))
    half = SAMPLE_RATE / 2
    low = signal.butter(2, [max(params.floor_hz, 900) / half, middle / half], "band")
    high = signal.butter(2, min(middle, 9000) / half, "high")
    bands = signal.lfilter(*low, noise[0]) + params.hiss * signal.lfilter(
        *high, noise[1]
    )
    tail = np.exp(-np.maximum(time - 0.9 * time[-1], 0) / 0.01)
    return np.asarray(bands * (0.15 + saw) * envelope * tail * velocity**1.3)
