# SPDX-License-Identifier: GPL-3.0-or-later
"""From a seed to a song: chords, and what each instrument plays over them.

Sources of bars are the tables of `pattern_tables`; a seeded generator chooses
and varies among them and plays them as a person would, a little off the grid.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from requinto.errors import ConfigError
from requinto.training import pattern_tables as tables
from requinto.training.pattern_tables import BEATS_PER_BAR

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
        return len(self.chords) * BEATS_PER_BAR


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


def play(song: Song, part: str) -> list[Note]:
    """Return the notes of a part, as a person plays them.

    Parameters
    ----------
    song : Song
        The plan.
    part : str
        One of `PARTS`.
    """
    if part not in PARTS:
        raise ConfigError(f"unknown part {part!r}; known are {sorted(PARTS)}")
    rng = generator(song.seed, "part", part)
    return humanise(PARTS[part](song, rng), song, rng)


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


def _requinto(song: Song, rng: np.random.Generator) -> list[Note]:
    lowest = int(rng.integers(52, 61))
    figures = rng.integers(len(tables.ARPEGGIOS), size=2)
    mambo = rng.integers(len(tables.MAMBO_ARPEGGIOS))
    notes: list[Note] = []
    for bar, (chord, section) in enumerate(
        zip(song.chords, song.sections, strict=True)
    ):
        if bar % 4 == 3 and rng.random() < 0.6:
            notes += _run(song, bar, rng, lowest + 7)
            continue
        figure = tables.ARPEGGIOS[figures[bar % 2]]
        if section == "mambo":
            figure = tables.MAMBO_ARPEGGIOS[mambo]
        tones = voicing(chord, lowest, 6)
        step = BEATS_PER_BAR / len(figure)
        for i, index in enumerate(figure):
            if index is None or rng.random() < 0.04:
                continue
            beat = bar * BEATS_PER_BAR + i * step
            force = 0.82 if i % (len(figure) // 4) == 0 else 0.64
            length = step * rng.uniform(0.9, 2.5)
            notes.append(Note(beat, length, tones[index], force))
            if section == "mambo" and rng.random() < 0.3:
                notes.append(Note(beat, length, tones[max(index - 2, 0)], force * 0.9))
    return notes


def _scale(song: Song) -> list[int]:
    degrees = tables.MINOR_SCALE if song.minor else tables.MAJOR_SCALE
    return [p for p in range(36, 97) if (p - song.key) % 12 in degrees]


def _run(song: Song, bar: int, rng: np.random.Generator, around: int) -> list[Note]:
    """A fill: a run through the scale in eighths and sixteenths, maybe in thirds."""
    scale = _scale(song)
    here = int(np.argmin([abs(p - around) for p in scale]))
    in_thirds = rng.random() < 0.4
    beat, notes, direction = 0.0, [], 1 if rng.random() < 0.5 else -1
    while beat < BEATS_PER_BAR:
        step = float(rng.choice((0.25, 0.25, 0.5)))
        force = 0.85 if beat % 1 == 0 else 0.7
        at = bar * BEATS_PER_BAR + beat
        notes.append(Note(at, step * 1.1, scale[here], force))
        if in_thirds:
            notes.append(Note(at, step * 1.1, scale[here - 2], force * 0.85))
        if rng.random() < 0.25 or not 55 < scale[here] < 82:
            direction = (
                1 if scale[here] < 64 else -1 if scale[here] > 76 else -direction
            )
        here += direction * int(rng.choice((1, 1, 2)))
        beat += step
    return notes


def _lead(song: Song, rng: np.random.Generator) -> list[Note]:
    """A melody with held notes on chord tones and runs between them."""
    notes: list[Note] = []
    centre = int(rng.integers(64, 74))
    for bar, chord in enumerate(song.chords):
        if rng.random() < 0.3:
            notes += _run(song, bar, rng, centre)
            continue
        beat = float(rng.choice((0, 0, 0.5)))
        while beat < BEATS_PER_BAR:
            step = float(rng.choice((0.5, 0.5, 1, 1.5)))
            tones = voicing(chord, centre - 5, 5)
            pitch = int(rng.choice(tones))
            if beat % 1 and rng.random() < 0.5:
                pitch = int(rng.choice([p for p in _scale(song) if abs(p - pitch) < 4]))
            notes.append(Note(bar * BEATS_PER_BAR + beat, step * 0.95, pitch, 0.75))
            beat += step
    return notes


def strums(song: Song, rng: np.random.Generator) -> list[tuple[float, str, int]]:
    """Return the strokes of the segunda: beat, stroke (a letter of `STRUMS`), bar."""
    rows = rng.integers(len(tables.STRUMS), size=2)
    strokes = []
    for bar in range(len(song.chords)):
        row = tables.STRUMS[rows[1 if bar % 4 == 3 else 0]]
        for i, stroke in enumerate(row):
            if stroke != ".":
                strokes.append((bar * BEATS_PER_BAR + i / 2, stroke, bar))
    return strokes


def _segunda(song: Song, rng: np.random.Generator) -> list[Note]:
    lowest = int(rng.integers(45, 53))
    spread = rng.uniform(0.008, 0.025) * song.tempo_bpm / 60
    notes = []
    for beat, stroke, bar in strums(song, rng):
        tones = voicing(song.chords[bar], lowest, 5)
        force = 0.8 if stroke.isupper() else 0.55
        up = stroke.lower() == "u"
        length = 0.12 if stroke == "x" else float(rng.uniform(0.45, 0.9))
        for i, pitch in enumerate(reversed(tones[1:]) if up else tones):
            at = beat + i * spread
            notes.append(Note(at, length, pitch, force, "up" if up else "down"))
    return notes


def _bass(song: Song, rng: np.random.Generator) -> list[Note]:
    plain = rng.integers(len(tables.BASS_FIGURES), size=2)
    mambo = rng.integers(len(tables.MAMBO_BASS_FIGURES))
    lowest = int(rng.integers(28, 33))
    notes = []
    for bar, (chord, section) in enumerate(
        zip(song.chords, song.sections, strict=True)
    ):
        root = lowest + (chord.root - lowest) % 12
        figure = tables.BASS_FIGURES[plain[bar % 2]]
        if section == "mambo":
            figure = tables.MAMBO_BASS_FIGURES[mambo]
        for beat, degree, length in figure:
            third = 3 if chord.quality == "m" else 4
            pitch = root + (third if isinstance(degree, str) else degree)
            while pitch > 55:
                pitch -= 12
            at = bar * BEATS_PER_BAR + beat
            force = 0.85 if beat == 0 else 0.72
            notes.append(Note(at, length, pitch, force))
        if rng.random() < 0.25:
            following = song.chords[(bar + 1) % len(song.chords)].root
            target = lowest + (following - lowest) % 12
            at = bar * BEATS_PER_BAR + 3.5
            notes.append(Note(at, 0.4, max(target - int(rng.integers(1, 3)), 28), 0.65))
    return notes


def _steps(bar: int, row: str) -> list[tuple[float, str]]:
    step = BEATS_PER_BAR / len(row)
    return [(bar * BEATS_PER_BAR + i * step, c) for i, c in enumerate(row) if c != "."]


_BONGO_STROKES = {
    "H": ("hi", 0.9),
    "h": ("hi", 0.6),
    "t": ("tip", 0.4),
    "s": ("slap", 0.85),
    "L": ("lo", 0.9),
    "l": ("lo", 0.6),
}
_GUIRA_STROKES = {
    "L": ("long", 0.9),
    "l": ("long", 0.6),
    "S": ("short", 0.85),
    "s": ("short", 0.5),
}
_CONGA_STROKES = {
    "O": ("open", 0.85),
    "o": ("mute", 0.5),
    "L": ("low", 0.8),
    "s": ("slap", 0.85),
}
_TIMBALE_STROKES = {
    "T": ("high", 0.9),
    "t": ("high", 0.6),
    "L": ("low", 0.85),
    "C": ("bell", 0.7),
    "c": ("bell", 0.45),
}


def _hits(bar: int, row: str, strokes: dict[str, tuple[str, float]]) -> list[Note]:
    return [
        Note(beat, 0.25, 0, strokes[c][1], strokes[c][0])
        for beat, c in _steps(bar, row)
    ]


def _percussion(
    song: Song,
    rng: np.random.Generator,
    bars: dict[str, tuple[str, ...]],
    fills: tuple[str, ...],
    strokes: dict[str, tuple[str, float]],
) -> list[Note]:
    notes = []
    chosen = {name: rng.integers(len(rows), size=2) for name, rows in bars.items()}
    for bar, section in enumerate(song.sections):
        rows = bars.get(section, bars["derecho"])
        pair = chosen.get(section, chosen["derecho"])
        row = rows[pair[1 if bar % 4 == 2 else 0]]
        if fills and bar % 4 == 3 and rng.random() < 0.7:
            row = fills[rng.integers(len(fills))]
        notes += _hits(bar, row, strokes)
    return notes


def _bongo(song: Song, rng: np.random.Generator) -> list[Note]:
    bars = {"derecho": tables.BONGO_BARS, "mambo": tables.BONGO_MAMBO_BARS}
    return _percussion(song, rng, bars, tables.BONGO_FILLS, _BONGO_STROKES)


def _guira(song: Song, rng: np.random.Generator) -> list[Note]:
    bars = {
        "derecho": tables.GUIRA_BARS,
        "majao": tables.GUIRA_MAJAO_BARS,
        "mambo": tables.GUIRA_MAMBO_BARS,
    }
    return _percussion(song, rng, bars, tables.GUIRA_FILLS, _GUIRA_STROKES)


def _conga(song: Song, rng: np.random.Generator) -> list[Note]:
    return _percussion(song, rng, {"derecho": tables.CONGA_BARS}, (), _CONGA_STROKES)


def _timbales(song: Song, rng: np.random.Generator) -> list[Note]:
    return _percussion(
        song, rng, {"derecho": tables.TIMBALE_BARS}, (), _TIMBALE_STROKES
    )


def _drums(song: Song, rng: np.random.Generator) -> list[Note]:
    rows = tables.DRUM_BARS[rng.integers(len(tables.DRUM_BARS))]
    names = ("kick", "snare", "hat", "open")
    notes = []
    for bar in range(len(song.chords)):
        for name, row in zip(names, rows, strict=True):
            notes += [
                Note(beat, 0.25, 0, 0.9 if c == "X" else 0.6, name)
                for beat, c in _steps(bar, row)
            ]
    return notes


def _comping(song: Song, rng: np.random.Generator) -> list[Note]:
    row = tables.COMPING[rng.integers(len(tables.COMPING))]
    lowest = int(rng.integers(50, 62))
    length = float(rng.uniform(0.3, 1.0))
    notes = []
    for bar, chord in enumerate(song.chords):
        for beat, _ in _steps(bar, row):
            for pitch in voicing(chord, lowest, 4):
                notes.append(Note(beat, length, pitch, 0.7))
    return notes


def _pad(song: Song, rng: np.random.Generator) -> list[Note]:
    lowest = int(rng.integers(48, 62))
    return [
        Note(bar * BEATS_PER_BAR, BEATS_PER_BAR * 0.98, pitch, 0.7)
        for bar, chord in enumerate(song.chords)
        for pitch in voicing(chord, lowest, 4)
    ]


PARTS: dict[str, Callable[[Song, np.random.Generator], list[Note]]] = {
    "requinto": _requinto,
    "segunda": _segunda,
    "lead": _lead,
    "bass": _bass,
    "bongo": _bongo,
    "guira": _guira,
    "conga": _conga,
    "timbales": _timbales,
    "drums": _drums,
    "comping": _comping,
    "pad": _pad,
}
