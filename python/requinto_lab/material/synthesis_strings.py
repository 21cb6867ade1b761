# SPDX-License-Identifier: GPL-3.0-or-later
"""Plucked strings without samples: three independent models, one note at a time.

`pluck_waveguide` is a Karplus-Strong loop, `pluck_partials` a sum of stretched,
decaying partials, `pluck_fm` frequency modulation.  Each returns a mono note
whose first frame is the pluck.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from requinto_lab.material.soundfonts import SAMPLE_RATE


@dataclass(frozen=True)
class StringParams:
    """What makes one imaginary instrument differ from the next."""

    pick_position: float  # of the string's length
    brightness: float  # 0 dull to 1 bright
    decay_s: float  # of the fundamental at A3, to -60 dB
    inharmonicity: float  # B at A3
    noise: float  # of the pluck
    body_hz: tuple[float, ...]  # resonances of the body
    body_gain: tuple[float, ...]
    fm_ratio: int
    fm_index: float


def sample_string(rng: np.random.Generator, *, instrument: str) -> StringParams:
    """Return an instrument at random: a "bass", or anything above it."""
    bass = instrument == "bass"
    n_body = int(rng.integers(3, 7))
    low, high = (50, 900) if bass else (90, 2500)
    return StringParams(
        pick_position=float(rng.uniform(0.07, 0.45)),
        brightness=float(rng.uniform(0.1, 0.75 if bass else 0.95)),
        decay_s=float(np.exp(rng.uniform(np.log(1.0), np.log(8.0)))),
        inharmonicity=float(np.exp(rng.uniform(np.log(2e-5), np.log(3e-4)))),
        noise=float(rng.uniform(0.0, 0.25)),
        body_hz=tuple(np.sort(np.exp(rng.uniform(np.log(low), np.log(high), n_body)))),
        body_gain=tuple(rng.uniform(0.2, 1.6, n_body)),
        fm_ratio=int(rng.choice((1, 1, 2, 3, 5))),
        fm_index=float(rng.uniform(0.8, 4.0)),
    )


def hertz(pitch: float) -> float:
    """Return the frequency in Hz of a MIDI note."""
    return float(440 * 2 ** ((pitch - 69) / 12))


def pluck_waveguide(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: StringParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a Karplus-Strong note, shape `(n_frames,)`.

    The loop is linear, so its output is computed in closed form, once for all
    frequencies: excitation / (1 - loss * exp(-j w period)).  A circle a little
    outside the unit one keeps the response from wrapping round in time.

    References
    ----------
    Jaffe and Smith, "Extensions of the Karplus-Strong Plucked-String
    Algorithm", Computer Music Journal 7(2), 1983, doi:10.2307/3680063.
    """
    size = 1 << int(np.ceil(np.log2(n_frames + 2048)))
    radius = 10 ** (4 / size)  # 80 dB down after one turn
    period = SAMPLE_RATE / hertz(pitch)
    omega = 2 * np.pi * np.arange(size // 2 + 1) / size
    inverse_z = np.exp(-1j * omega) / radius

    decay_s = params.decay_s * 2 ** ((57 - pitch) / 24)
    loop_gain = 10 ** (-3 * period / (SAMPLE_RATE * decay_s))
    damping = 0.5 * (1 - params.brightness) ** 2 + 0.002
    loss = loop_gain * (1 - damping + damping * (inverse_z + inverse_z**-1) / 2)
    # Stiffness: high partials run ahead
    stretch = (
        1 + 0.5 * params.inharmonicity * np.minimum(omega * period / 6.28, 40) ** 2
    )
    delay = np.exp((np.log(1 / radius) - 1j * omega * stretch) * period)

    burst = np.zeros(size)
    n_burst = max(int(period), 8)
    burst[:n_burst] = rng.uniform(-1, 1, n_burst)
    burst *= radius ** -np.arange(size)
    excitation = np.fft.rfft(burst)
    softness = (1 - params.brightness) * 0.7 + (1 - velocity) * 0.28
    excitation *= (1 - softness) / (1 - softness * inverse_z)
    excitation *= 1 - np.exp(np.log(inverse_z) * period * params.pick_position)
    spectrum = excitation / (1 - loss * delay)
    spectrum *= _body(omega, params)
    note = np.fft.irfft(spectrum, size)[:n_frames] * radius ** np.arange(n_frames)
    return note * velocity**1.5


def pluck_partials(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: StringParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a note of stretched partials, each decaying in two stages.

    Partial n lies at n f sqrt(1 + B n^2) (Fletcher and Rossing, "The Physics
    of Musical Instruments", 2nd ed., 1998, section 2.18).
    """
    fundamental = hertz(pitch)
    limit = int(min(40, 0.45 * SAMPLE_RATE / fundamental))
    n = np.arange(1, max(limit, 2))
    frequency = fundamental * n * np.sqrt(1 + params.inharmonicity * n**2)
    tilt = 1.9 - 1.0 * params.brightness - 0.3 * velocity
    level = np.abs(np.sin(np.pi * n * params.pick_position)) / n**tilt
    level *= np.abs(_body(2 * np.pi * frequency / SAMPLE_RATE, params))
    level *= rng.uniform(0.7, 1.3, len(n))
    decay_s = params.decay_s * 2 ** ((57 - pitch) / 24) / (1 + 0.12 * n)
    decay_s /= 1 + (frequency / 4000) ** 2 * (1.2 - params.brightness)

    time = np.arange(n_frames, dtype=np.float32) / SAMPLE_RATE
    note = np.zeros(n_frames, np.float32)
    for f, a, d in zip(frequency, level, decay_s, strict=True):
        last = min(int(1.2 * d * SAMPLE_RATE) + 1, n_frames)
        t = time[:last]
        # The polarisation across the plate dies faster than the one along it
        envelope = 0.6 * np.exp(-20.7 * t / d) + 0.4 * np.exp(-6.9 * t / d)
        phase = np.float32(2 * np.pi * f) * t + np.float32(rng.uniform(0, 0.6))
        note[:last] += np.float32(a) * envelope * np.sin(phase)
    rise = min(int(0.0015 * SAMPLE_RATE), n_frames)
    note[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    return _with_pick(note, velocity, params, rng)


def pluck_fm(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: StringParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a two-operator FM note whose brightness decays with its level.

    References
    ----------
    Chowning, "The Synthesis of Complex Audio Spectra by Means of Frequency
    Modulation", J. AES 21(7), 1973.
    """
    time = np.arange(n_frames) / SAMPLE_RATE
    decay_s = params.decay_s * 2 ** ((57 - pitch) / 24)
    frequency = 2 * np.pi * hertz(pitch)
    index = params.fm_index * (0.4 + 0.6 * velocity) * np.exp(-12 * time / decay_s)
    index += 0.25 * params.brightness
    detune = 1 + rng.normal(0, 0.0005)
    modulator = index * np.sin(frequency * params.fm_ratio * detune * time)
    note = np.sin(frequency * time + modulator)
    note += 0.3 * np.sin(frequency * (2.001 * time) + 0.5 * modulator)
    note *= np.exp(-6.9 * time / decay_s) * np.minimum(time / 0.002, 1)
    return _with_pick(note, velocity, params, rng)


def synth_bass(
    pitch: float,
    n_frames: int,
    velocity: float,
    params: StringParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a subtractive bass: a saw or square under a falling low-pass.

    The wave is summed from partials, so it does not alias, and the filter is
    the gain of a two-pole low-pass at each partial's frequency.
    """
    fundamental = hertz(pitch)
    time = np.arange(n_frames, dtype=np.float32) / SAMPLE_RATE
    is_square = params.fm_ratio > 1
    top = 400 + 3500 * params.brightness * velocity
    cutoff = fundamental + top * np.exp(-time / (0.05 + 0.1 * params.pick_position))
    note = np.zeros(n_frames, np.float32)
    phase = np.float32(2 * np.pi * fundamental) * time + np.float32(rng.uniform(0, 6))
    for n in range(1, 24, 2 if is_square else 1):
        ratio = n * fundamental / cutoff
        note += np.sin(n * phase) / n / np.sqrt(1 + ratio**4)
    note += np.float32(params.noise * 3) * np.sin(phase / 2 if pitch > 40 else phase)
    note *= np.exp(-3 * time / params.decay_s) * np.minimum(time / 0.004, 1)
    return np.asarray(note * velocity)


def _with_pick(
    note: np.ndarray, velocity: float, params: StringParams, rng: np.random.Generator
) -> np.ndarray:
    n_click = min(int(0.008 * SAMPLE_RATE), len(note))
    click = rng.normal(0, 1, n_click) * np.exp(-np.arange(n_click) / 80)
    note = note / (np.abs(note).max() + 1e-9)
    note[:n_click] += params.noise * velocity * click
    return np.asarray(note * velocity**1.5)


def _body(omega: np.ndarray, params: StringParams) -> np.ndarray:
    """Gain of the body at each frequency: a floor plus resonances."""
    response = np.ones(np.shape(omega), np.complex128) * 0.35
    for centre, gain in zip(params.body_hz, params.body_gain, strict=True):
        ratio = np.maximum(omega, 1e-5) * SAMPLE_RATE / (2 * np.pi * centre)
        response += gain / (1 + 1j * 6 * (ratio - 1 / ratio))
    return response
