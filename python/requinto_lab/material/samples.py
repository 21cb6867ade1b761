# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded strokes from Hydrogen's drum kits: hand percussion and chord strums."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import soundfile
import soxr

from requinto_lab.material.folders import first_existing, shared_folders
from requinto_lab.material.songs import Chord
from requinto_lab.material.soundfonts import SAMPLE_RATE, BankError
from requinto_lab.material.tables import read_table

KIT_FOLDERS = shared_folders("hydrogen/data/drumkits")
HAND_KIT = "Gimme A Hand 1.0"
STRUM_KIT = "belofilms_GuitarStrums"
_LAYERS = ("Softest", "Soft", "Med", "Hard", "Hardest")
# Chords recorded, as their files call them
STRUM_CHORDS = {
    Chord(root, quality): name for root, quality, name in read_table("strums")["chords"]
}


def find_kit(name: str) -> Path:
    """Return the folder of a drum kit, or raise `BankError`."""
    packages = "Debian has kits in hydrogen-drumkits and hydrogen-data"
    error = BankError(f"drum kit {name!r} is not installed: {packages}")
    return first_existing((folder / name for folder in KIT_FOLDERS), error)


@functools.cache
def read(path: Path) -> np.ndarray:
    """Return a recording from where it begins, shape `(n_channels, n_frames)`."""
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != SAMPLE_RATE:
        sound = soxr.resample(sound, rate, SAMPLE_RATE)
    # Begin where the stroke does
    loud = np.abs(sound).max(axis=1)
    start = int(np.argmax(loud > 0.03 * loud.max()))
    return np.ascontiguousarray(sound[max(start - 20, 0) :].T)


def hand_stroke(instrument: str, velocity: float, semitones: float = 0.0) -> np.ndarray:
    """Return a recorded stroke, shape `(n_channels, n_frames)`.

    Parameters
    ----------
    instrument : str
        As its files begin: "BongoHi", "BongoLo", "Maraca" and so on.
    velocity : float
        0 to 1; chooses one of five recorded layers and scales it.
    semitones : float
        Transposition, by resampling.
    """
    layer = _LAYERS[min(int(velocity * 5), 4)]
    sound = read(find_kit(HAND_KIT) / f"{instrument}-{layer}.wav")
    return transpose(sound, semitones) * np.float32(0.4 + 0.6 * velocity)


def strum(chord: Chord, stroke: str, take: int) -> np.ndarray:
    """Return a recorded chord strum, shape `(n_channels, n_frames)`.

    The chord is the nearest recorded one of its kind (a seventh counts as
    major), resampled to the pitch of `chord`, at most two semitones away.

    Parameters
    ----------
    chord : Chord
        What to strum.
    stroke : str
        "down", "up" or anything else for the plain recording.
    take : int
        One of the four guitars recorded, 0 to 3.
    """
    kind = "m" if chord.quality == "m" else ""
    near = [c for c in STRUM_CHORDS if c.quality == kind]
    distances = [(chord.root - c.root + 6) % 12 - 6 for c in near]
    best = int(np.argmin(np.abs(distances)))
    name = STRUM_CHORDS[near[best]]
    folder = find_kit(STRUM_KIT)
    spellings = {"down": ("_DOWN", "_Down", ""), "up": ("_UP", "")}.get(stroke, ("",))
    for number in (take, 2, 1):
        for spelling in spellings:
            path = folder / f"{name}{spelling}_{number:02d}.flac"
            if path.exists():
                sound = read(path)[:, : int(3.0 * 1.2 * SAMPLE_RATE)]
                return transpose(sound, distances[best])
    raise BankError(f"the strums have no {name!r} in take {take}")


def transpose(sound: np.ndarray, semitones: float) -> np.ndarray:
    """Return `sound` resampled so that it is `semitones` higher (and shorter)."""
    if abs(semitones) < 0.01:
        return sound
    ratio = 2 ** (-semitones / 12)
    return np.asarray(soxr.resample(sound.T, 1.0, ratio, quality="MQ").T)
