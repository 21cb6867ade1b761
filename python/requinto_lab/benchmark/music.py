# SPDX-License-Identifier: GPL-3.0-or-later
"""Synthetic music of any length, the same each time: beats and notes to work on.

White noise would not do: nothing repeats in it, so beat tracking and template matching
would take other paths than they take in music.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import soundfile

RATE = 44100  # Hz
TEMPO_BPM = 112.5  # at which a beat is a whole number of frames
BEATS_PER_BAR = 4
_BEAT = round(60 * RATE / TEMPO_BPM)  # frames
# Roots and thirds of four chords, in semitones above A2
_CHORDS = ((0, 3), (-4, 4), (3, 4), (-2, 4))
_BARS = 2 * len(_CHORDS)
LOOP = _BARS * BEATS_PER_BAR * _BEAT  # frames after which the music repeats


def song(duration_s: float) -> np.ndarray:
    """Return stereo music, `(2, n_frames)`, float32, at `RATE` Hz.

    A plucked guitar to the left, a bass, a drum and a shaker to the right, at
    `TEMPO_BPM` from the first frame on.
    """
    return _repeat(sum(_parts().values(), np.zeros((2, LOOP), np.float32)), duration_s)


def guitar(duration_s: float) -> np.ndarray:
    """Return the guitar of `song` alone, of the same shape."""
    return _repeat(_parts()["guitar"], duration_s)


def write_song(path: Path, duration_s: float) -> None:
    """Write `song` as a 16-bit wav file, never holding more than one loop of it."""
    loop = song(LOOP / RATE).T
    with soundfile.SoundFile(path, "w", RATE, 2, subtype="PCM_16") as file:
        n_left = round(duration_s * RATE)
        while n_left > 0:
            file.write(loop[:n_left])
            n_left -= len(loop)


def _repeat(loop: np.ndarray, duration_s: float) -> np.ndarray:
    sound = np.empty((2, round(duration_s * RATE)), np.float32)
    for start in range(0, sound.shape[1], LOOP):
        block = sound[:, start : start + LOOP]
        block[:] = loop[:, : block.shape[1]]
    return sound


@functools.cache
def _parts() -> dict[str, np.ndarray]:
    """Return one loop of each instrument, `(2, LOOP)`."""
    rng = np.random.default_rng(0)
    guitar, bass, drum, shaker = np.zeros((4, LOOP))
    for eighth in range(2 * BEATS_PER_BAR * _BARS):
        start, in_bar = eighth * _BEAT // 2, eighth % (2 * BEATS_PER_BAR)
        root, third = _CHORDS[eighth // (2 * BEATS_PER_BAR) % len(_CHORDS)]
        step = (0, third, 7, 12, 7, third, 12, 7)[in_bar]
        _add(guitar, start, _pluck(root + step + 12, decay_per_s=4.0))
        _add(shaker, start, (0.5 if in_bar % 2 else 1.0) * _burst(rng))
        if in_bar in (0, 3, 4, 6):
            _add(bass, start, _pluck(root - 12, decay_per_s=2.5))
        if in_bar in (0, 4):
            _add(drum, start, _thump(1.0 if in_bar == 0 else 0.6))
    panned = {
        "guitar": (0.12 * guitar, (1.0, 0.4)),
        "bass": (0.2 * bass, (0.8, 0.8)),
        "drum": (0.3 * drum, (0.8, 0.8)),
        "shaker": (0.05 * shaker, (0.3, 1.0)),
    }
    return {
        name: (np.outer(gains, sound)).astype(np.float32)
        for name, (sound, gains) in panned.items()
    }


def _add(sound: np.ndarray, start: int, note: np.ndarray) -> None:
    """Add a note; what reaches past the end rings on at the loop's start."""
    frames = (start + np.arange(len(note))) % len(sound)
    sound[frames] += note


def _pluck(semitones: float, decay_per_s: float) -> np.ndarray:
    """Return a decaying note, so many semitones above A2: harmonics fade sooner."""
    t = np.arange(RATE) / RATE
    hz = 110.0 * 2 ** (semitones / 12)
    harmonics = np.arange(1, 11)[:, None]
    waves = np.sin(2 * np.pi * harmonics * hz * t) / harmonics
    note = (waves * np.exp(-decay_per_s * np.sqrt(harmonics) * t)).sum(axis=0)
    return np.asarray(note * np.minimum(1.0, 200 * (1 - t)))


def _burst(rng: np.random.Generator) -> np.ndarray:
    t = np.arange(RATE // 10) / RATE
    return np.asarray(rng.standard_normal(len(t)) * np.exp(-60 * t))


def _thump(gain: float) -> np.ndarray:
    t = np.arange(RATE // 3) / RATE
    return np.asarray(
        gain * np.sin(2 * np.pi * (55 * t - 4 * np.exp(-30 * t))) * np.exp(-14 * t)
    )
