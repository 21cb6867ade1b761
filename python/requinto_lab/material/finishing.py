# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to every stem once its notes sound: character, level, length."""

from __future__ import annotations

import numpy as np
import pedalboard

from requinto_lab.material.songs import generator
from requinto_lab.material.soundfonts import SAMPLE_RATE

ACTIVE_LEVEL_DB = -20.0  # RMS of a stem where it sounds
WINDOW = SAMPLE_RATE // 20  # frames of 50 ms over which loudness is taken
_SOUNDING_DB = -30.0  # of its loudest window: where a sound still sounds
_PEAK = 0.95
_KNEE = 0.55  # 15 dB over the level: only clicks and slaps reach it


def with_character(sound: np.ndarray, name: str) -> np.ndarray:
    """Return sound through a chain of effects that only depends on `name`."""
    rng = generator(name, "character")
    db = rng.normal(0, 4, 3)
    chain: list[pedalboard.Plugin] = [
        pedalboard.LowShelfFilter(float(rng.uniform(80, 400)), float(db[0]), 0.7),
        pedalboard.PeakFilter(
            float(np.exp(rng.uniform(5.7, 8.3))),
            float(db[1]),
            float(rng.uniform(0.5, 2)),
        ),
        pedalboard.HighShelfFilter(float(rng.uniform(2500, 8000)), float(db[2]), 0.7),
    ]
    if rng.random() < 0.5:
        chain.append(
            pedalboard.Compressor(
                float(rng.uniform(-35, -20)),
                float(rng.uniform(2, 6)),
                float(rng.uniform(1, 20)),
                float(rng.uniform(50, 200)),
            )
        )
    if rng.random() < 0.25:
        chain.append(pedalboard.Distortion(float(rng.uniform(3, 14))))
    if rng.random() < 0.25:
        chain.append(
            pedalboard.Chorus(
                float(rng.uniform(0.3, 2)), 0.2, mix=rng.uniform(0.1, 0.4)
            )
        )
    level = np.sqrt(np.mean(sound**2)) + 1e-9
    board = pedalboard.Chain(chain)
    if len(sound) == 1 and rng.random() < 0.4:
        sound = np.repeat(sound, 2, axis=0)
    return np.asarray(board((sound * (0.1 / level)).astype(np.float32), SAMPLE_RATE))


def active_power(sound: np.ndarray) -> float:
    """Return the mean square of sound over its active 50 ms parts.

    Parts more than 30 dB under the loudest do not count.  0 for silence.
    """
    size = 2205
    n = max(sound.shape[1] // size, 1)
    cut = sound[:, : n * size].reshape(len(sound), n, -1)
    power = np.mean(cut.astype(np.float64) ** 2, axis=(0, 2))
    return float(power[power >= power.max() * 1e-3].mean())


def window_powers(sound: np.ndarray) -> np.ndarray:
    """Return the mean square of each whole window of sound, shape `(n_windows,)`."""
    n_windows = sound.shape[1] // WINDOW
    cut = sound[:, : n_windows * WINDOW].reshape(len(sound), n_windows, WINDOW)
    return np.asarray(np.mean(cut.astype(np.float64) ** 2, axis=(0, 2)))


def sounding(sound: np.ndarray) -> np.ndarray:
    """Return which windows are within 30 dB of the loudest, shape `(n_windows,)`."""
    power = window_powers(sound)
    return np.asarray(power > power.max(initial=1e-20) * 10 ** (_SOUNDING_DB / 10))


def finish(sound: np.ndarray, n_frames: int) -> np.ndarray:
    """Return a stem at its level, without offset, in one channel if it can be."""
    sound = fit_length(sound, n_frames).astype(np.float32)
    sound = sound - sound.mean(axis=1, keepdims=True)
    if len(sound) == 2 and np.abs(sound[0] - sound[1]).max() < 1e-4:
        sound = sound[:1]
    n_fade = 1000
    sound[:, -n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    for _ in range(3):  # taming peaks lowers the level a little each time
        sound = _tame(sound * np.float32(_to_level(sound)))
    gain = min(_to_level(sound), _PEAK / (np.abs(sound).max() + 1e-12))
    return np.asarray(sound * np.float32(gain))


def _to_level(sound: np.ndarray) -> float:
    wanted = 10 ** (ACTIVE_LEVEL_DB / 20)
    return float(wanted / np.sqrt(active_power(sound) + 1e-12))


def _tame(sound: np.ndarray) -> np.ndarray:
    """Return sound with what exceeds `_KNEE` compressed, as tape would."""
    size = np.abs(sound)
    over = np.maximum(size / np.float32(_KNEE), 1) ** np.float32(-0.7)
    return np.asarray(sound * over)


def add_at(sound: np.ndarray, note: np.ndarray, start: int) -> None:
    """Mix a note into sound from frame `start` on; what lies outside is dropped."""
    note = note[:, max(-start, 0) :]
    start = max(start, 0)
    n = min(note.shape[1], sound.shape[1] - start)
    if n > 0:
        sound[:, start : start + n] += note[:, :n]


def let_go(note: np.ndarray, length: int, release_s: float) -> np.ndarray:
    """Return a note, `(..., n_frames)`, that decays after `length` frames and ends."""
    size = min(note.shape[-1], length + int(5 * release_s * SAMPLE_RATE))
    note = note[..., :size].copy()
    if size > length:
        after = np.arange(size - length, dtype=np.float32)
        note[..., length:] *= np.exp(-after / np.float32(release_s * SAMPLE_RATE))
    return note


def fit_length(sound: np.ndarray, n_frames: int) -> np.ndarray:
    """Return sound cut or filled with silence to a length."""
    missing = n_frames - sound.shape[1]
    return np.pad(sound, ((0, 0), (0, max(missing, 0))))[:, :n_frames]
