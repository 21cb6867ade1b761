# SPDX-License-Identifier: GPL-3.0-or-later
"""What each instrument plays over the plan of a song.

Bars come from the tables of `pattern_tables`; a seeded generator chooses and
varies among them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from requinto.errors import ConfigError
from requinto.material import pattern_tables as tables
from requinto.material.songs import Note, Song, generator, humanise, voicing


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
        step = tables.BEATS_PER_BAR / len(figure)
        for i, index in enumerate(figure):
            if index is None or rng.random() < 0.04:
                continue
            beat = bar * tables.BEATS_PER_BAR + i * step
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
    """Return a fill: a run through the scale, perhaps in thirds."""
    scale = _scale(song)
    here = int(np.argmin([abs(p - around) for p in scale]))
    in_thirds = rng.random() < 0.4
    beat, notes, direction = 0.0, [], 1 if rng.random() < 0.5 else -1
    while beat < tables.BEATS_PER_BAR:
        step = float(rng.choice((0.25, 0.25, 0.5)))
        force = 0.85 if beat % 1 == 0 else 0.7
        at = bar * tables.BEATS_PER_BAR + beat
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
    """Return a melody with held notes on chord tones and runs between them."""
    notes: list[Note] = []
    centre = int(rng.integers(64, 74))
    for bar, chord in enumerate(song.chords):
        if rng.random() < 0.3:
            notes += _run(song, bar, rng, centre)
            continue
        beat = float(rng.choice((0, 0, 0.5)))
        while beat < tables.BEATS_PER_BAR:
            step = float(rng.choice((0.5, 0.5, 1, 1.5)))
            tones = voicing(chord, centre - 5, 4)
            pitch = int(rng.choice(tones))
            if beat % 1 and rng.random() < 0.5:
                pitch = int(rng.choice([p for p in _scale(song) if abs(p - pitch) < 4]))
            notes.append(
                Note(bar * tables.BEATS_PER_BAR + beat, step * 0.95, pitch, 0.75)
            )
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
                strokes.append((bar * tables.BEATS_PER_BAR + i / 2, stroke, bar))
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
            at = bar * tables.BEATS_PER_BAR + beat
            force = 0.85 if beat == 0 else 0.72
            notes.append(Note(at, length, pitch, force))
        if rng.random() < 0.25:
            following = song.chords[(bar + 1) % len(song.chords)].root
            target = lowest + (following - lowest) % 12
            at = bar * tables.BEATS_PER_BAR + 3.5
            notes.append(Note(at, 0.4, max(target - int(rng.integers(1, 3)), 28), 0.65))
    return notes


def _steps(bar: int, row: str) -> list[tuple[float, str]]:
    step = tables.BEATS_PER_BAR / len(row)
    return [
        (bar * tables.BEATS_PER_BAR + i * step, c)
        for i, c in enumerate(row)
        if c != "."
    ]


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
        Note(bar * tables.BEATS_PER_BAR, tables.BEATS_PER_BAR * 0.98, pitch, 0.7)
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
