# SPDX-License-Identifier: GPL-3.0-or-later
"""Timbres made of recorded notes: each library through amplifiers of its own.

They stand beside those of `timbres.py` and are in none of its tables: what was
rendered before stays as it is.  `splits.toml` gives each library to one split.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto_lab.material import recorded_notes, splits
from requinto_lab.material.amplifier import Amplifier, sample_amplifier
from requinto_lab.material.recorded_playing import Touch, play_take
from requinto_lab.material.rendering import frame_of, n_frames_of
from requinto_lab.material.sampler import StrokeSet
from requinto_lab.material.songs import Note, Song, generator
from requinto_lab.material.style import Part
from requinto_lab.material.tables import read_table
from requinto_lab.material.timbres import Renderer, Timbre

_RHYTHM = ("strum", "riff", "chords")  # manners of a part of chords
_SAME_STROKE_BEATS = 0.15  # notes of one chord begin no farther apart


class Character(NamedTuple):
    """One way in which a library is played."""

    amplifier: str  # a key of `amplifier.KINDS`
    n_timbres: int  # each through its own settings
    variant: str = ""  # microphone or organ stop


_TABLE = read_table("recorded_timbres")
CHARACTERS: dict[str, tuple[Character, ...]] = {
    library: tuple(Character(*row) for row in rows)
    for library, rows in _TABLE["characters"].items()
}
_CLEAN = {"chords": ("clean", "direct"), "melodies": ("clean", "direct")}
_GAIN_KINDS = ("crunch", "high-gain")  # whose rhythm is recorded twice
_TOUCHES = {name: Touch(**row) for name, row in _TABLE["touches"].items()}
_DRUM_STROKES: dict[str, dict[str, str]] = _TABLE["drum_strokes"]
_LAYERS, _TAKES = range(1, 5), range(1, 5)


@functools.cache
def timbres(split: str, folder: Path) -> dict[str, tuple[Timbre, ...]]:
    """Return the recorded timbres of a split, by instrument.

    Parameters
    ----------
    split : str
        "train", "validation" or "test" (which has none).
    folder : Path
        Holds `index.json` and a folder a library.

    Raises
    ------
    ConfigError
        If the folder, its index or one of the libraries is not there.
    """
    recorded_notes.read_index(folder)
    return {
        instrument: tuple(
            t for name in names for t in _library_timbres(instrument, name, folder)
        )
        for instrument, names in splits.recorded_notes(split).items()
    }


def suits(timbre: Timbre, style: str, part: Part) -> bool:
    """Return whether a player of a part would choose a recorded timbre.

    A guitar's amplifier goes by the style: no high gain in a bolero; and no upright
    bass in metal.
    """
    if timbre.instrument == "bass" and style in _TABLE["electric_bass"]:
        return timbre.name.startswith("bass")
    if timbre.instrument != "guitar":
        return True
    amplifiers = _TABLE["amplifiers"].get(style, _CLEAN)
    accepted = amplifiers["chords" if part.manner in _RHYTHM else "melodies"]
    return timbre.name.startswith(accepted)


def _library_timbres(instrument: str, library: str, folder: Path) -> Iterator[Timbre]:
    if library in _DRUM_STROKES:
        strokes = _hand_drum(folder, library)
        for name in ("0", "1~", "2~", "3~"):
            yield Timbre(instrument, library, name, _stroke_renderer(strokes))
        return
    for character in CHARACTERS[library]:
        # Read once here, so that what is missing is said before rendering
        notes = recorded_notes.library(folder, library, character.variant)
        kind = character.amplifier
        for i in range(character.n_timbres):
            label = f"{kind}-{character.variant or 'all'}-{i}".replace("-all-", "-")
            # Amplifiers differ by themselves; what has none needs other effects
            label += "~" if kind == "direct" and i else ""
            rng = generator("amplifier", library, label)
            pair = (sample_amplifier(kind, rng), sample_amplifier(kind, rng))
            yield Timbre(
                instrument,
                library,
                label,
                _note_renderer(notes, instrument, kind, pair, rng),
            )


def _note_renderer(
    notes: recorded_notes.RecordedLibrary,
    instrument: str,
    kind: str,
    amplifiers: tuple[Amplifier, Amplifier],
    rng: np.random.Generator,
) -> Renderer:
    width = float(rng.uniform(0.6, 1.0))
    # Half of the players keep their settings for the second take
    second = amplifiers[int(rng.random() < 0.5)]

    def render(part: list[Note], song: Song, rng: np.random.Generator) -> np.ndarray:
        is_rhythm = any(note.sound for note in part)
        touch = _TOUCHES.get(instrument, _TOUCHES["picked"])
        if kind in (*_GAIN_KINDS, "lead") and not is_rhythm:
            touch = _TOUCHES["lead"]
        if kind == "high-gain":
            part = power_chords(part, song)
        if is_rhythm and kind in _GAIN_KINDS:
            pair = (amplifiers[0], second)
            return double_track(notes, part, song, pair, width, rng)
        return amplifiers[0](play_take(notes, part, song, touch, rng))

    return render


def double_track(
    library: recorded_notes.RecordedLibrary,
    notes: list[Note],
    song: Song,
    amplifiers: tuple[Amplifier, Amplifier],
    width: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a part played twice, one take to the left and one to the right.

    Parameters
    ----------
    library : RecordedLibrary
    notes : list of Note
    song : Song
    amplifiers : pair of Amplifier
        Left and right.
    width : float
        0, both in the middle, to 1, hard left and right.
    rng : np.random.Generator
        Takes, timing and tuning, other ones on each side.

    Returns
    -------
    np.ndarray, shape=(2, n_frames)
    """
    out = np.zeros((2, n_frames_of(song)), np.float32)
    for side, amplifier in enumerate(amplifiers):
        touch = Touch(loose_s=0.006, cents=float(rng.normal(0, 3)), release_s=0.03)
        sound = amplifier(play_take(library, notes, song, touch, rng))[0]
        angle = (1 + (-width, width)[side]) * np.pi / 4
        out[0] += np.float32(np.cos(angle)) * sound
        out[1] += np.float32(np.sin(angle)) * sound
    return out


def power_chords(notes: list[Note], song: Song) -> list[Note]:
    """Return notes without thirds and sevenths where several begin together.

    Through high gain they would blur into their differences; players leave them out.
    """
    kept = []
    for note in notes:
        chord = song.chord_at(round(4 * note.beat) / 4)
        near = [n for n in notes if abs(n.beat - note.beat) < _SAME_STROKE_BEATS]
        if len(near) < 3 or (note.pitch - chord.root) % 12 in (0, 7):
            kept.append(note)
    return kept


def _stroke_renderer(strokes: StrokeSet) -> Renderer:
    def render(notes: list[Note], song: Song, rng: np.random.Generator) -> np.ndarray:
        played = [
            (
                frame_of(n.beat, song),
                f"{n.sound}{rng.integers(len(_TAKES))}",
                n.velocity,
            )
            for n in notes
        ]
        known = [row for row in played if row[1] in strokes.strokes]
        return strokes.render(known, n_frames_of(song))

    return render


def _hand_drum(folder: Path, library: str) -> StrokeSet:
    """Return the strokes of a hand drum; "slap0" is the first take of a slap."""
    names = {Path(file).stem: file for file in recorded_notes.files(folder, library)}
    strokes = {}
    for stroke, pattern in _DRUM_STROKES[library].items():
        for take in _TAKES:
            stems = [pattern.format(layer=layer, take=take) for layer in _LAYERS]
            layers = [
                recorded_notes.read_recording(folder / names[s])
                for s in stems
                if s in names
            ]
            if layers:
                strokes[f"{stroke}{take - 1}"] = layers
    return StrokeSet(strokes)
