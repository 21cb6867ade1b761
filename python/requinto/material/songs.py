# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a song, its notes, and how a person plays them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from requinto.errors import ConfigError
from requinto.material import pattern_tables as tables

# Pattern seeds of each split; no two share one
SEED_RANGES: dict[str, range] = {
    "train": range(0, 100_000),
    "validation": range(100_000, 110_000),
    "test": range(110_000, 120_000),
}


class Note(NamedTuple):
    """One sound: where, how long, how high or which, and how hard."""

    beat: float  # from the song's first beat; may be slightly negative
    beats: float  # length
    pitch: int  # MIDI note; 0 for percussion
    velocity: float  # 0 to 1
    sound: str = ""  # the stroke of a percussion instrument, or a strum's direction


class Chord(NamedTuple):
    """A chord: its root (0 is C) and quality ("", "m" or "7")."""

    root: int
    quality: str


@dataclass(frozen=True)
class Song:
    """A plan that every instrument of a song follows."""

    seed: int
    tempo_bpm: float
    key: int  # semitones above C
    minor: bool
    chords: tuple[Chord, ...]  # one a bar
    sections: tuple[str, ...]  # one a bar: "derecho", "majao" or "mambo"
    swing: float  # delay of every second sixteenth, in sixteenths
    looseness_s: float  # standard deviation of a player's timing

    @property
    def n_beats(self) -> int:
        """Length in beats."""
        return len(self.chords) * tables.BEATS_PER_BAR


def generator(*key: int | str) -> np.random.Generator:
    """Return a random generator that only depends on `key`."""
    words = [zlib.crc32(k.encode()) if isinstance(k, str) else k for k in key]
    return np.random.default_rng(words)


def split_of_seed(seed: int) -> str:
    """Return the split a pattern seed belongs to."""
    for split, seeds in SEED_RANGES.items():
        if seed in seeds:
            return split
    raise ConfigError(f"pattern seed {seed} is in no split")


def plan_song(seed: int, n_bars: int = 8) -> Song:
    """Return the song of a seed."""
    rng = generator(seed, "song")
    minor = bool(rng.random() < 0.6)
    key = int(rng.integers(12))
    rows = tables.MINOR_PROGRESSIONS if minor else tables.MAJOR_PROGRESSIONS
    first, second = rng.integers(len(rows), size=2)
    degrees = (rows[first] + rows[second if rng.random() < 0.3 else first]) * n_bars
    chords = tuple(Chord((key + d) % 12, q) for d, q in degrees[:n_bars])
    kinds = ("derecho", "majao", "mambo")
    half = n_bars // 2
    opening, closing = rng.choice(kinds, 2, p=(0.5, 0.2, 0.3))
    return Song(
        seed=seed,
        tempo_bpm=round(float(rng.uniform(100, 160)), 1),
        key=key,
        minor=minor,
        chords=chords,
        sections=(str(opening),) * half + (str(closing),) * (n_bars - half),
        swing=float(rng.uniform(0, 0.18)),
        looseness_s=float(rng.uniform(0.001, 0.008)),
    )


def voicing(chord: Chord, lowest: int, n_notes: int) -> list[int]:
    """Return the `n_notes` chord tones at or above the MIDI note `lowest`."""
    tones = {(chord.root + t) % 12 for t in tables.CHORD_TONES[chord.quality]}
    found = [p for p in range(lowest, lowest + 12 * n_notes) if p % 12 in tones]
    return found[:n_notes]


def humanise(notes: list[Note], song: Song, rng: np.random.Generator) -> list[Note]:
    """Return `notes` swung, loosened in time and varied in force."""
    beat_s = 60 / song.tempo_bpm
    late = rng.normal(0, 0.003) / beat_s  # a player's habit
    moved = []
    for note in notes:
        sixteenth = note.beat * 4
        is_odd = abs(sixteenth - round(sixteenth)) < 0.05 and round(sixteenth) % 2 == 1
        swing = song.swing / 4 if is_odd else 0.0
        loose = np.clip(rng.normal(0, song.looseness_s), -0.02, 0.02) / beat_s
        velocity = float(np.clip(note.velocity * rng.normal(1, 0.07), 0.15, 1.0))
        beat = note.beat + swing + late + float(loose)
        moved.append(note._replace(beat=beat, velocity=velocity))
    return sorted(moved)
