# SPDX-License-Identifier: GPL-3.0-or-later
"""What each player of a song plays: rows of letters become notes.

A seeded generator chooses among a part's rows, and varies them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.instruments import PERCUSSION, RANGES, STROKES
from requinto_lab.material.songs import (
    CHORD_TONES,
    Bar,
    Note,
    Song,
    generator,
    humanise,
    voicing,
)
from requinto_lab.material.style import Part, layers

_STAYS_OUT = 0.35  # chance that a part waits for the end of the intro
_RUN = 0.4  # chance that a leader fills the last of four bars with a run
_SHORTENED = 0.9  # a bass note's length, of its steps


class Step(NamedTuple):
    """A letter of a row, placed in a song."""

    beat: float
    length: float  # beats, with the `-` that follow
    letter: str
    bar: int  # index in the song


def players(song: Song) -> list[tuple[Part, str]]:
    """Return the parts that a song has, each with the instrument that plays it."""
    chosen = []
    for part in song.style.parts:
        rng = generator(song.seed, song.style.name, "player", part.name)
        if rng.random() < part.share:
            weights = 0.5 ** np.arange(len(part.instruments))
            choice = rng.choice(len(part.instruments), p=weights / weights.sum())
            chosen.append((part, part.instruments[choice]))
    return chosen


def play(song: Song, part: Part, instrument: str) -> list[Note]:
    """Return the notes of a part, as a person plays them.

    Parameters
    ----------
    song : Song
        The plan.
    part : Part
        One of its style's.
    instrument : str
        One of the part's; its letters are read, and its range kept to.

    Raises
    ------
    ConfigError
        If the part is not for this instrument.
    """
    if instrument not in part.instruments:
        raise ConfigError(
            f"part {part.name!r} is for {', '.join(part.instruments)}, "
            f"not {instrument!r}"
        )
    rng = generator(song.seed, song.style.name, "part", part.name)
    if part.manner == "strokes":
        notes = _strokes(song, part, rng, STROKES[instrument])
    else:
        notes = _MANNERS[part.manner](song, part, rng)
        notes = [n._replace(pitch=_within(n.pitch, instrument)) for n in notes]
    return humanise(notes, song, rng)


def _within(pitch: int, instrument: str) -> int:
    """Return a pitch moved by octaves into what an instrument can play."""
    low, high = RANGES[instrument]
    while pitch > high:
        pitch -= 12
    while pitch < low:
        pitch += 12
    return pitch


def _steps(song: Song, part: Part, rng: np.random.Generator) -> Iterator[Step]:
    """Yield what a part plays, row by row; a leader's pickups and runs are apart."""
    pairs = {
        section: [rows[i] for i in rng.integers(len(rows), size=2)]
        for section, rows in (("", part.rows), *sorted(part.by_section.items()))
    }
    late = not part.leads and rng.random() < _STAYS_OUT
    for index, bar in enumerate(song.bars):
        fills = bar.number % 4 == 3 and part.fills and rng.random() < 0.6
        if fills and not bar.is_break:
            row = part.fills[rng.integers(len(part.fills))]
        else:
            row = pairs.get(bar.section, pairs[""])[bar.number % 4 == 2]
        if bar.section in part.silent_in or (late and bar.section == "intro"):
            continue
        if bar.section == "pickup":
            if part.instruments[0] in PERCUSSION and rng.random() < 0.4:
                yield from _last_beat(_row_steps(row, bar, index, song), bar)
            continue
        for step in _row_steps(row, bar, index, song):
            if not bar.is_break or step.beat < bar.start + 0.99:
                yield step


def _last_beat(steps: Iterator[Step], bar: Bar) -> Iterator[Step]:
    end = bar.start + bar.n_beats
    return (step for step in steps if step.beat >= end - 1)


def _row_steps(row: str, bar: Bar, index: int, song: Song) -> Iterator[Step]:
    metre = song.style.beats_per_bar
    for layer in layers(row):
        letters = layer[bar.number % len(layer)]
        size = metre / len(letters)
        for i, letter in enumerate(letters):
            beat = i * size
            if letter in ".-" or beat >= bar.n_beats - 1e-6:
                continue
            held = len(letters[i + 1 :]) - len(letters[i + 1 :].lstrip("-"))
            length = min((1 + held) * size, bar.n_beats - beat)
            yield Step(bar.start + beat, length, letter, index)


def _strokes(
    song: Song,
    part: Part,
    rng: np.random.Generator,
    strokes: dict[str, tuple[str, float]],
) -> list[Note]:
    notes = []
    for step in _steps(song, part, rng):
        name, force = strokes[step.letter]
        notes.append(Note(step.beat, max(step.length, 0.25), 0, force, name))
    return notes


def _bass(song: Song, part: Part, rng: np.random.Generator) -> list[Note]:
    lowest = _lowest(part, rng)
    notes = []
    for step in _steps(song, part, rng):
        chord = song.chord_at(step.beat)
        root = lowest + (chord.root - lowest) % 12
        tones = CHORD_TONES[chord.quality]
        third = 3 if 3 in tones else 4
        seventh = 11 if chord.quality == "M7" else 10
        above = {"3": third, "5": tones[-1] if chord.quality == "o" else 7}
        above |= {"6": 9, "7": seventh, "8": 12}
        pitch = root + above.get(step.letter, 0)
        if step.letter == "a":  # leads to the root of the next bar
            following = song.bars[(step.bar + 1) % len(song.bars)].chords[0].root
            goal = lowest + (following - lowest) % 12
            pitch = goal + int(rng.choice((-2, -1, 1, 2)))
        on_beat = abs(step.beat - round(step.beat)) < 0.01
        force = 0.85 if step.letter == "R" and on_beat else 0.72
        force = 0.5 if step.letter == "r" else force
        notes.append(Note(step.beat, _SHORTENED * step.length, pitch, force))
    return notes


def _arpeggio(song: Song, part: Part, rng: np.random.Generator) -> list[Note]:
    lowest = _lowest(part, rng)
    ringing = float(rng.uniform(0.9, 2.2))
    doubled = rng.random() < 0.25  # a second voice below, in the mambo
    notes, runs = _runs(song, part, rng, lowest + 7)
    index = 0  # of the last tone; a bass note is doubled by what lay below that
    for step in _steps(song, part, rng):
        if step.bar in runs or rng.random() < 0.03:
            continue
        chord = song.chord_at(step.beat)
        tones = voicing(chord, lowest, part.n_voices)
        if step.letter in "RB":
            root = lowest - 12 + (chord.root - lowest) % 12
            pitch = root if step.letter == "R" else root - 5
        else:
            index = min(int(step.letter), len(tones) - 1)
            pitch = tones[index]
        on_beat = abs(step.beat - round(step.beat)) < 0.01
        force = 0.82 if on_beat else 0.64
        length = step.length * ringing
        notes.append(Note(step.beat, length, pitch, force))
        if doubled and song.bars[step.bar].section == "mambo" and step.letter > "1":
            notes.append(Note(step.beat, length, tones[max(index - 2, 0)], force * 0.9))
    return notes


def _strum(song: Song, part: Part, rng: np.random.Generator) -> list[Note]:
    lowest = _lowest(part, rng)
    spread = rng.uniform(0.008, 0.025) * song.tempo_bpm / 60
    notes, runs = _runs(song, part, rng, lowest + 14)
    for step in _steps(song, part, rng):
        if step.bar in runs:
            continue
        tones = voicing(song.chord_at(step.beat), lowest, part.n_voices)
        up = step.letter in "Uu"
        force = 0.8 if step.letter in "DU" else 0.55
        ringing = max(step.length, float(rng.uniform(0.45, 0.9)))
        length = 0.12 if step.letter == "x" else ringing
        sound = "mute" if step.letter == "x" else "up" if up else "down"
        for i, pitch in enumerate(reversed(tones[1:]) if up else tones):
            notes.append(Note(step.beat + i * spread, length, pitch, force, sound))
    return notes


def _chords(song: Song, part: Part, rng: np.random.Generator) -> list[Note]:
    lowest = _lowest(part, rng)
    notes, runs = _runs(song, part, rng, lowest + 12)
    for step in _steps(song, part, rng):
        if step.bar in runs:
            continue
        force = 0.8 if step.letter == "X" else 0.65
        for pitch in voicing(song.chord_at(step.beat), lowest, part.n_voices):
            notes.append(Note(step.beat, 0.95 * step.length, pitch, force))
    return notes


def _melody(song: Song, part: Part, rng: np.random.Generator) -> list[Note]:
    """Walk the scale, and rest on tones of the chord on the beat."""
    lowest = _lowest(part, rng)
    notes, runs = _runs(song, part, rng, lowest + 7)
    pitch = lowest + 5
    for step in _steps(song, part, rng):
        if step.bar in runs:
            continue
        near = [p for p in range(lowest, lowest + 20) if abs(p - pitch) <= 7]
        on_beat = abs(step.beat - round(step.beat)) < 0.01
        chord = song.chord_at(step.beat)
        inside = {(chord.root + t) % 12 for t in CHORD_TONES[chord.quality]}
        if not on_beat and rng.random() < 0.6:
            inside = {(song.key + d) % 12 for d in song.scale}
        choices = [p for p in near if p % 12 in inside] or [pitch]
        weights = np.exp(-np.abs(np.array(choices) - pitch) / 3.0)
        pitch = int(rng.choice(choices, p=weights / weights.sum()))
        notes.append(Note(step.beat, 0.95 * step.length, pitch, 0.75))
    return notes


def _riff(song: Song, part: Part, rng: np.random.Generator) -> list[Note]:
    """Play power chords, palm-muted notes and single notes up the scale.

    `X` and `x` are chords of root and fifth that ring, `m` the same under the palm,
    `n` its root alone, `R` and the digits single notes that ring.
    """
    lowest = _lowest(part, rng)
    notes = []
    for step in _steps(song, part, rng):
        chord = song.chord_at(step.beat)
        root = lowest + (chord.root - lowest) % 12
        letter = step.letter
        tones = (0, 7, 12)[: part.n_voices] if letter in "Xxm" else (0,)
        if letter.isdigit():
            degrees = [(song.key + d - chord.root) % 12 for d in song.scale]
            tones = (sorted({0, *degrees})[int(letter) - 1],)
        sound = "palm" if letter in "mn" else "power" if letter in "Xx" else "single"
        on_beat = abs(step.beat - round(step.beat)) < 0.01
        force = 0.9 if letter == "X" else 0.8 if on_beat else 0.68
        length = step.length * (0.9 if sound == "palm" else 0.98)
        for tone in tones:
            notes.append(Note(step.beat, length, root + tone, force, sound))
    return notes


def _runs(
    song: Song, part: Part, rng: np.random.Generator, around: int
) -> tuple[list[Note], set[int]]:
    """Return a leader's pickups and runs, and the bars that they fill."""
    if not part.leads:
        return [], set()
    notes: list[Note] = []
    filled = set()
    for index, bar in enumerate(song.bars):
        wants = bar.number % 4 == 3 and not bar.is_break and rng.random() < _RUN
        if bar.section == "pickup" or wants:
            notes += _run(song, bar, rng, around)
            filled.add(index)
    return notes, filled


def _run(song: Song, bar: Bar, rng: np.random.Generator, around: int) -> list[Note]:
    """Return a run through the scale that fills a bar, perhaps in thirds."""
    degrees = {(song.key + d) % 12 for d in song.scale}
    scale = [p for p in range(36, 97) if p % 12 in degrees]
    here = int(np.argmin([abs(p - around) for p in scale]))
    in_thirds = rng.random() < 0.4
    beat, notes, direction = 0.0, [], 1 if rng.random() < 0.5 else -1
    while beat < bar.n_beats - 1e-6:
        step = float(rng.choice((0.25, 0.25, 0.5, 0.5)))
        if song.style.compound:
            step *= 4 / 3
        force = 0.85 if beat % 1 == 0 else 0.7
        at = bar.start + beat
        notes.append(Note(at, step * 1.1, scale[here], force))
        if in_thirds:
            notes.append(Note(at, step * 1.1, scale[here - 2], force * 0.85))
        if abs(scale[here] - around) > 10:
            direction = 1 if scale[here] < around else -1
        elif rng.random() < 0.25:
            direction = -direction
        here = int(np.clip(here + direction * rng.choice((1, 1, 2)), 2, len(scale) - 1))
        beat += step
    return notes


def _lowest(part: Part, rng: np.random.Generator) -> int:
    return int(rng.integers(part.lowest[0], part.lowest[1] + 1))


_MANNERS: dict[str, Callable[[Song, Part, np.random.Generator], list[Note]]] = {
    "bass": _bass,
    "arpeggio": _arpeggio,
    "strum": _strum,
    "chords": _chords,
    "melody": _melody,
    "riff": _riff,
}
