# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a song: bars, chords and sections that all its players follow.

Beats are counted from the first of the song, which is the first beat of the
pickup where there is one.
"""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material.style import Style, parse_form

_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii")
_MAJOR_DEGREES = (0, 2, 4, 5, 7, 9, 11)
CHORD_TONES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "M7": (0, 4, 7, 11),
    "5": (0, 7),
    "o": (0, 3, 6),
}
MINOR_SCALE = (0, 2, 3, 5, 7, 8, 10)
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
LOOP_BARS = 8
PICKUP_BEATS = range(8)  # how many a song may begin with


class Note(NamedTuple):
    """One sound: where, how long, how high or which, and how hard."""

    beat: float  # from the song's first beat; may be slightly negative
    beats: float  # length
    pitch: int  # MIDI note; 0 for percussion
    velocity: float  # 0 to 1
    sound: str = ""  # the stroke of a percussion instrument, or a strum's direction


class Chord(NamedTuple):
    """A chord: its root (0 is C) and quality, a key of `CHORD_TONES`."""

    root: int
    quality: str


class Bar(NamedTuple):
    """One bar of a song."""

    start: float  # beat
    n_beats: int  # fewer than the metre's in a pickup or a half bar
    section: str  # "pickup", or one of `style.SECTIONS`
    chords: tuple[Chord, ...]  # divide the metre's bar evenly
    number: int  # in its section, from 0
    is_last: bool = False  # of its section
    is_break: bool = False  # all stop after the first beat


@dataclass(frozen=True)
class Song:
    """A plan that every instrument of a song follows."""

    style: Style
    seed: int
    tempo_bpm: float
    key: int  # semitones above C
    minor: bool
    bars: tuple[Bar, ...]
    swing: float  # delay of every second step, in steps
    looseness_s: float  # standard deviation of a player's timing
    # Seconds of each beat, and of the end, where the tempo is not steady: `tempo.py`
    pulse_s: tuple[float, ...] = ()

    @property
    def n_beats(self) -> int:
        """Length in beats."""
        return round(self.bars[-1].start) + self.bars[-1].n_beats

    @property
    def downbeats(self) -> tuple[float, ...]:
        """Beats that begin a bar; a pickup that is no whole bar has none."""
        return tuple(
            bar.start
            for bar in self.bars
            if bar.section != "pickup" or bar.n_beats == self.style.beats_per_bar
        )

    @property
    def sections(self) -> tuple[tuple[str, float], ...]:
        """Each section in turn, with the beat it begins on."""
        return tuple(
            (bar.section, bar.start)
            for i, bar in enumerate(self.bars)
            if i == 0 or bar.number == 0
        )

    @property
    def scale(self) -> tuple[int, ...]:
        """Degrees of the key's scale, semitones above it."""
        return MINOR_SCALE if self.minor else MAJOR_SCALE

    def seconds(self, beat: float) -> float:
        """Return when a beat falls, in seconds after the song's first."""
        if not self.pulse_s:
            return beat * 60 / self.tempo_bpm
        index = min(max(math.floor(beat), 0), len(self.pulse_s) - 2)
        here, following = self.pulse_s[index : index + 2]
        return here + (beat - index) * (following - here)

    def chord_at(self, beat: float) -> Chord:
        """Return the chord that sounds on a beat."""
        starts = [bar.start for bar in self.bars]
        index = max(int(np.searchsorted(starts, beat + 1e-6, side="right")) - 1, 0)
        bar = self.bars[index]
        position = (beat - bar.start) / self.style.beats_per_bar
        n = len(bar.chords)
        return bar.chords[min(max(int(position * n + 1e-6), 0), n - 1)]


def generator(*key: int | str) -> np.random.Generator:
    """Return a random generator that only depends on `key`."""
    words = [zlib.crc32(k.encode()) if isinstance(k, str) else k for k in key]
    return np.random.default_rng(words)


def plan_loop(style: Style, seed: int, n_bars: int = LOOP_BARS) -> Song:
    """Return a loop: whole bars of one section or two, without intro or end."""
    rng = generator(seed, "loop", style.name)
    kinds = [name for name, _ in parse_form(" ".join(style.forms))]
    kinds = [k for k in kinds if k not in ("intro", "outro")]
    first, second = (str(s) for s in rng.choice(kinds, 2))
    half = n_bars // 2 if n_bars > 1 else n_bars
    sections = [(first, half)] + ([(second, n_bars - half)] if n_bars > half else [])
    return _plan(style, seed, sections, 0, rng, is_loop=True)


def plan_song(
    style: Style, seed: int, pickup_beats: int | None = None, form: str | None = None
) -> Song:
    """Return a whole song: pickup, sections, breaks, perhaps half bars.

    Parameters
    ----------
    style : Style
    seed : int
        Everything random comes from it.
    pickup_beats : int, optional
        Beats before the first downbeat, 0 to 7; random by default.
    form : str, optional
        Sections and their bars; by default one of the style's.

    Raises
    ------
    ConfigError
        If `pickup_beats` is out of range, or the form cannot be read.
    """
    rng = generator(seed, "song", style.name)
    sampled = int(rng.integers(len(PICKUP_BEATS)))
    chosen = style.forms[rng.integers(len(style.forms))]
    n_pickup = sampled if pickup_beats is None else pickup_beats
    if n_pickup not in PICKUP_BEATS:
        raise ConfigError(f"pickup_beats must be 0 to 7, got {n_pickup}")
    return _plan(style, seed, list(parse_form(form or chosen)), n_pickup, rng)


def _plan(
    style: Style,
    seed: int,
    sections: list[tuple[str, int]],
    n_pickup: int,
    rng: np.random.Generator,
    *,
    is_loop: bool = False,
) -> Song:
    minor = bool(rng.random() < style.minor)
    key = int(rng.integers(12))
    rows = style.minor_progressions if minor else style.major_progressions
    # One progression a kind of section, so that a verse comes back as it was
    chosen = {name: rows[rng.integers(len(rows))] for name in dict(sections)}
    metre = style.beats_per_bar
    first = progression(chosen[sections[0][0]], key)[0]
    bars = []
    start = 0.0
    if n_pickup % metre:
        bars.append(Bar(start, n_pickup % metre, "pickup", first, 0))
        start += n_pickup % metre
    for i in range(n_pickup // metre):
        bars.append(Bar(start, metre, "pickup", first, len(bars) and i + 1))
        start += metre
    for name, n_bars in sections:
        chords = progression(chosen[name], key)
        for i in range(n_bars):
            is_last = i == n_bars - 1
            is_half = not is_loop and is_last and metre == 4 and rng.random() < 0.2
            is_end = name == sections[-1][0] and is_last
            is_break = not is_loop and is_last and (is_end or rng.random() < 0.35)
            n_beats = metre // 2 if is_half else metre
            row = chords[i % len(chords)]
            bars.append(Bar(start, n_beats, name, row, i, is_last, is_break))
            start += n_beats
    return Song(
        style=style,
        seed=seed,
        tempo_bpm=round(float(rng.uniform(*style.tempo_bpm)), 1),
        key=key,
        minor=minor,
        bars=tuple(bars),
        swing=float(rng.uniform(*style.swing)),
        looseness_s=float(rng.uniform(0.001, 0.008)),
    )


def progression(row: str, key: int) -> tuple[tuple[Chord, ...], ...]:
    """Return the chords of each bar of a progression in Roman numerals.

    Bars are separated by `|` and chords within a bar by spaces.  Upper case is
    major, lower case minor; `b` lowers the degree, which counts from the major
    scale; `7`, `M7`, `5` (no third) and `o` (diminished) may follow.

    Raises
    ------
    ConfigError
        If a numeral cannot be read.
    """
    return tuple(
        tuple(_chord(word, key) for word in bar.split()) for bar in row.split("|")
    )


def _chord(numeral: str, key: int) -> Chord:
    match = re.fullmatch(r"(b?)([ivIV]+)(7|M7|5|o)?", numeral)
    if match is None or match[2].lower() not in _ROMAN:
        raise ConfigError(f"{numeral!r} is not a chord in Roman numerals")
    flat, degree, suffix = match.groups(default="")
    root = _MAJOR_DEGREES[_ROMAN.index(degree.lower())] - len(flat)
    quality = suffix
    if degree.islower():
        quality = {"": "m", "7": "m7"}.get(suffix, suffix)
    return Chord((key + root) % 12, quality)


def voicing(chord: Chord, lowest: int, n_notes: int) -> list[int]:
    """Return the `n_notes` chord tones at or above the MIDI note `lowest`."""
    tones = {(chord.root + t) % 12 for t in CHORD_TONES[chord.quality]}
    pitches = [p for p in range(lowest, lowest + 12 * n_notes) if p % 12 in tones]
    return pitches[:n_notes]


def humanise(notes: list[Note], song: Song, rng: np.random.Generator) -> list[Note]:
    """Return `notes` swung, loosened in time and varied in force."""
    beat_s = 60 / song.tempo_bpm
    step = song.style.swung_beats
    late = rng.normal(0, 0.003) / beat_s  # a player's habit
    moved = []
    for note in notes:
        steps = note.beat / step
        is_odd = abs(steps - round(steps)) < 0.05 and round(steps) % 2 == 1
        swing = song.swing * step if is_odd else 0.0
        loose = np.clip(rng.normal(0, song.looseness_s), -0.02, 0.02) / beat_s
        velocity = float(np.clip(note.velocity * rng.normal(1, 0.07), 0.15, 1.0))
        beat = note.beat + swing + late + float(loose)
        moved.append(note._replace(beat=beat, velocity=velocity))
    return sorted(moved)
