# SPDX-License-Identifier: GPL-3.0-or-later
"""Single notes that people recorded: which file is which note, how hard, how long.

A folder of samples holds one folder a library and an `index.json`.
`python -m requinto_lab.material.recorded_notes FOLDER` measures each library's octave.
"""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from requinto.errors import ConfigError, reason_of
from requinto_lab.material.sampler import Sample
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.tables import read_table

_NOTE = r"(?P<note>[a-g][b#]?\d)"
_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
# From soft to loud
_LAYERS = (
    *("", "pp", "p", "l", "m", "mf", "h", "f", "ff"),
    *("vl1", "vl2", "vl3", "vl4", "vl5"),
)
_LOUDNESS_KEPT = 0.5  # of the decibels between a soft recording and a loud one
_QUIETEST_DB = -30.0  # below the loudest: what is softer is raised noise


class Layout(NamedTuple):
    """How a library names its files."""

    octave: int  # semitones from the note in a name (C4 is 60) to the one that sounds
    held: str  # pattern of the names of held notes
    short: str = ""  # of notes that were played short; empty where there are none
    dead: str = ""  # of strokes over damped strings
    short_s: float = 0.2  # a note shorter than this is played by a short one


def _layout(octave: int, short_s: float = 0.2, **patterns: str) -> Layout:
    named = {kind: row.replace("{note}", _NOTE) for kind, row in patterns.items()}
    return Layout(octave, **named, short_s=short_s)


LAYOUTS = {name: _layout(**row) for name, row in read_table("recorded_notes").items()}


class Recording(NamedTuple):
    """One file of a library."""

    path: Path
    pitch: int  # MIDI note that sounds; 0 for a stroke
    layer: int  # how hard it was played, in the order of soft to loud
    variant: str  # microphone or organ stop, where a library has several
    gain: float  # factor that brings it beside the others of its library


class NoteSet:
    """Recordings of one articulation, chosen by pitch, force and chance."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._takes: dict[int, dict[int, list[Recording]]] = {}
        for row in recordings:
            layers = self._takes.setdefault(row.pitch, {})
            layers.setdefault(row.layer, []).append(row)
        if not self._takes:
            raise ConfigError("a set of notes needs at least one recording")

    @property
    def range(self) -> tuple[int, int]:
        """Lowest and highest MIDI note recorded."""
        return min(self._takes), max(self._takes)

    def pick(self, pitch: float, velocity: float, rng: np.random.Generator) -> Sample:
        """Return the recording of the nearest pitch, in one of its takes.

        Parameters
        ----------
        pitch : float
            MIDI note.
        velocity : float
            0 to 1; a little chance moves it, as no player is a machine.
        rng : np.random.Generator
        """
        layers = self._takes[min(self._takes, key=lambda p: abs(p - pitch))]
        force = float(np.clip(velocity + rng.normal(0, 0.05), 0, 0.999))
        takes = layers[sorted(layers)[int(force * len(layers))]]
        row = takes[rng.integers(len(takes))]
        return Sample(read_recording(row.path) * np.float32(row.gain), row.pitch)


class RecordedLibrary(NamedTuple):
    """The recordings of one library.

    `short` and `dead` are None where it has none.
    """

    held: NoteSet
    short: NoteSet | None
    dead: NoteSet | None
    short_s: float


def read_index(folder: Path) -> tuple[dict[str, object], ...]:
    """Return the rows of a folder's `index.json`.

    Raises
    ------
    ConfigError
        If the folder or the file is not there, or is not such an index.
    """
    path = folder / "index.json"
    if not folder.is_dir():
        raise ConfigError(
            f"samples: there is no folder {folder}; give the folder of recorded "
            "notes that holds index.json, or leave samples empty"
        )
    try:
        rows = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"samples: {path} cannot be read: {reason_of(error)}"
        ) from error
    keys = {"file", "library", "gain_db"}
    if not isinstance(rows, list) or not all(keys <= set(row) for row in rows):
        raise ConfigError(f"samples: {path} must be a list of rows with {sorted(keys)}")
    return tuple(rows)


@functools.cache
def library(folder: Path, name: str, variant: str = "") -> RecordedLibrary:
    """Return the recordings of a library.

    Parameters
    ----------
    folder : Path
        Holds `index.json`.
    name : str
        A key of `LAYOUTS`.
    variant : str
        Only this microphone or organ stop, where a library has several.

    Raises
    ------
    ConfigError
        If the folder does not have the library's held notes.
    """
    layout = LAYOUTS[name]
    sets = {}
    for kind in ("held", "short", "dead"):
        rows = _match_files(folder, name, getattr(layout, kind), layout.octave)
        rows = [r for r in rows if r.variant in ("", variant) or not variant]
        sets[kind] = NoteSet(rows) if rows else None
    if sets["held"] is None:
        raise ConfigError(
            f"samples: {folder} has no notes of {name} {variant}".rstrip()
        )
    return RecordedLibrary(sets["held"], sets["short"], sets["dead"], layout.short_s)


def files(folder: Path, name: str) -> dict[str, float]:
    """Return the files of a library, and the decibels that each was raised by."""
    return {
        str(row["file"]): float(str(row["gain_db"]))
        for row in _index(folder)
        if row["library"] == name
    }


def _match_files(folder: Path, name: str, pattern: str, octave: int) -> list[Recording]:
    """Return the recordings whose file name follows a pattern."""
    gains = files(folder, name) if pattern else {}
    loudest = max(gains.values(), default=0.0)
    rows = []
    for file, gain_db in gains.items():
        match = re.fullmatch(pattern, Path(file).stem, re.IGNORECASE)
        below = gain_db - loudest
        if match is None:
            continue
        parts = {key: value or "" for key, value in match.groupdict().items()}
        pitch = midi_note(parts["note"]) + octave if "note" in parts else 0
        layer = _LAYERS.index(parts.get("layer", "").lower())
        gain = 10 ** (_LOUDNESS_KEPT * max(below, _QUIETEST_DB) / 20)
        if below < _QUIETEST_DB:
            layer = -1
        rows.append(
            Recording(folder / file, pitch, layer, parts.get("variant", ""), gain)
        )
    return _drop_softest(rows)


def _drop_softest(rows: list[Recording]) -> list[Recording]:
    """Return recordings without raised noise, where a pitch has louder ones."""
    loud = {row.pitch for row in rows if row.layer >= 0}
    return [row for row in rows if row.layer >= 0 or row.pitch not in loud]


def midi_note(name: str) -> int:
    """Return the MIDI note of a name such as "Eb4", C4 being 60."""
    letter, sign, octave = name[0].lower(), name[1:-1], int(name[-1])
    return _SEMITONES[letter] + {"#": 1, "b": -1, "": 0}[sign] + 12 * (octave + 1)


def measure_pitch(sound: np.ndarray) -> float:
    """Return the pitch of a note, by its normalised autocorrelation.

    Parameters
    ----------
    sound : np.ndarray, shape=(n_frames,)
        One note, 0.1 s or longer.

    Returns
    -------
    float
        MIDI note with its fraction, from 18 Hz to 2500 Hz; NaN where none repeats.
    """
    attack = min(len(sound) // 10, round(0.4 * SAMPLE_RATE))
    part = sound[attack:][: round(0.35 * SAMPLE_RATE)].astype(np.float64)
    n = len(part)
    products = np.fft.irfft(np.abs(np.fft.rfft(part, 2 * n)) ** 2)[:n]
    power = np.concatenate([[0.0], np.cumsum(part**2)])
    overlap = power[n:0:-1] + power[n] - power[:n]
    curve = 2 * products / np.maximum(overlap, 1e-12)
    longest = min(SAMPLE_RATE // 18, n // 2)
    lags = np.arange(SAMPLE_RATE // 2500, longest)
    # Only after the curve's first descent below zero, where lag 0 ends
    lags = lags[lags > int(np.argmax(curve < 0))]
    peaks = lags[
        (curve[lags] > 0)
        & (curve[lags] >= curve[lags - 1])
        & (curve[lags] >= curve[lags + 1])
    ]
    if not len(peaks):
        return float("nan")
    lag = int(peaks[np.argmax(curve[peaks] >= 0.9 * curve[peaks].max())])
    left, top, right = curve[lag - 1 : lag + 2]
    period = lag + 0.5 * (left - right) / min(left - 2 * top + right, -1e-12)
    return float(69 + 12 * np.log2(SAMPLE_RATE / period / 440))


def measure_octave(folder: Path, name: str, max_notes: int = 24) -> int:
    """Return the semitones from a library's names to what sounds, in octaves.

    The median over `max_notes` held notes, evenly spaced in the library.
    """
    rows = _match_files(folder, name, LAYOUTS[name].held, 0)
    rows = rows[:: max(len(rows) // max_notes, 1)]
    offsets = [measure_pitch(read_recording(row.path)[0]) - row.pitch for row in rows]
    return 12 * round(float(np.nanmedian(offsets)) / 12)


_index = functools.cache(read_index)


@functools.lru_cache(maxsize=600)
def read_recording(path: Path) -> np.ndarray:
    """Return a recording at 44100 frames a second, shape `(1, n_frames)`.

    Raises
    ------
    ConfigError
        If it cannot be read.
    """
    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise ConfigError(
            f"samples: {path} cannot be read: {reason_of(error)}"
        ) from error
    mono = sound.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    return np.asarray(mono[None], np.float32)


def main(folder: str) -> None:
    """Print the measured octave of each library beside the table's."""
    libraries = {str(row["library"]) for row in read_index(Path(folder))}
    for name in LAYOUTS:
        if name in libraries:
            measured = measure_octave(Path(folder), name)
            print(f"{name}: {measured:+d} measured, {LAYOUTS[name].octave:+d} here")


if __name__ == "__main__":
    main(*sys.argv[1:])
