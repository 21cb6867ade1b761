# SPDX-License-Identifier: GPL-3.0-or-later
"""Small synthetic sounds, and how far two sounds are apart."""

import numpy as np

RATE = 44100  # Hz


def noise(n_frames: int, n_channels: int = 2, seed: int = 0) -> np.ndarray:
    """Return white noise between -1 and 1, `(n_channels, n_frames)`."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (n_channels, n_frames)).astype(np.float32)


def sine(n_frames: int, n_channels: int, sample_rate: float) -> np.ndarray:
    """Return 440 Hz that comes and goes, `(n_channels, n_frames)`."""
    time_s = np.arange(n_frames) / sample_rate
    wave = np.sin(2 * np.pi * 440 * time_s) * np.sin(
        np.pi * np.arange(n_frames) / n_frames
    )
    return np.tile(0.5 * wave, (n_channels, 1)).astype(np.float32)


def clicks(tempo_bpm: float, duration_s: float, sample_rate: int = RATE) -> np.ndarray:
    """Return a short burst on each beat, `(1, n_frames)`."""
    sound = np.zeros((1, round(duration_s * sample_rate)), np.float32)
    burst = noise(round(0.03 * sample_rate), 1) * np.linspace(
        1, 0, round(0.03 * sample_rate), dtype=np.float32
    )
    for time_s in np.arange(0, duration_s - 0.05, 60 / tempo_bpm):
        start = round(time_s * sample_rate)
        sound[:, start : start + burst.shape[1]] += burst
    return sound


def error_db(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Return the largest difference in dB of full scale."""
    return float(20 * np.log10(np.max(np.abs(reference - estimate)) + 1e-30))
