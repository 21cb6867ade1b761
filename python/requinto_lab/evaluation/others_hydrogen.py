# SPDX-License-Identifier: GPL-3.0-or-later
"""Stems of Hydrogen's demo songs: their patterns, played on the kits they name.

We read the song file and play the samples ourselves: no humanising, no effects, so
that every run gives the same sound.  Package `hydrogen-data` holds songs and kits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from requinto_lab.evaluation.others import (
    LONGEST_S,
    SAMPLE_RATE,
    OthersError,
    StemSong,
    audible_stems,
    grid,
)
from requinto_lab.material import samples
from requinto_lab.material.folders import shared_folders
from requinto_lab.material.instrument_names import OTHER, instrument_named

SONG_FOLDERS = shared_folders("hydrogen/data/demo_songs")
LICENCE = "GPL-2+ (Hydrogen)"

_BEAT = 48  # ticks
_BAR = 4 * _BEAT  # of a pattern that does not say its size
_SWUNG = _BEAT // 4  # every other sixteenth is late, by up to half of itself
_FADE = 441  # frames in which a sound is cut off
_KEYS = ("C", "Cs", "D", "Ef", "E", "F", "Fs", "G", "Af", "A", "Bf", "B")
_KIT_WORDS = ("stick", "splash")  # of a kit, but no words of `instrument_named`


@dataclass(frozen=True)
class _Layer:
    min_velocity: float  # 0 to 1
    max_velocity: float
    gain: float
    semitones: float
    path: Path


@dataclass(frozen=True)
class _Instrument:
    part: str
    gains: np.ndarray  # (2, 1)
    group: int  # sounds of a group cut each other off; -1 for none
    layers: tuple[_Layer, ...]


@dataclass(frozen=True)
class _Stroke:
    frame: int
    instrument: str
    gains: np.ndarray  # (2, 1)
    velocity: float
    semitones: float
    n_frames: int | None  # None: to its end


def songs() -> Iterator[StemSong]:
    """Yield the demo songs.

    Raises
    ------
    OthersError
        If they are not installed.
    BankError
        If a kit is not.
    """
    paths = sorted(path for folder in SONG_FOLDERS for path in folder.glob("*.h2song"))
    if not paths:
        folders = ", ".join(map(str, SONG_FOLDERS))
        raise OthersError(f"no Hydrogen songs in {folders}: install hydrogen-data")
    for path in paths:
        yield song(path)


def song(path: Path) -> StemSong:
    """Return the stems of a song file; `mix_error_db` is None: we are the renderer."""
    root = ElementTree.parse(path).getroot()
    for element in root.iter():
        element.tag = element.tag.rsplit("}", 1)[-1]
    tempo_bpm = _number(root, "bpm", 120.0)
    instruments = {
        row.findtext("id", ""): _instrument(row)
        for row in root.findall("./instrumentList/instrument")
        if row.findtext("isMuted") != "true"
    }
    strokes, n_ticks = _strokes(root, tempo_bpm)
    strokes = [stroke for stroke in strokes if stroke.instrument in instruments]
    end_s = min(LONGEST_S, n_ticks / _BEAT * 60 / tempo_bpm)
    stems = _render(strokes, instruments, max(int(end_s * SAMPLE_RATE), 1))
    beats_s, downbeats_s = grid(tempo_bpm, end_s, 4)
    steady = root.findtext("isTimelineActivated") != "true"
    return StemSong(
        f"hydrogen-{path.stem.lower().replace('_', '')}",
        audible_stems(stems),
        beats_s if steady else (),
        downbeats_s if steady and _whole_bars(root) else (),
        f"Hydrogen demo song {path.name}",
        LICENCE,
        None,
    )


def _instrument(row: ElementTree.Element) -> _Instrument:
    name = row.findtext("name", "")
    part = instrument_named(name)
    if any(word in name.lower() for word in _KIT_WORDS):
        part = "drums"
    name = row.findtext("drumkit") or row.findtext("drumkitLookup") or ""
    kit = samples.find_kit(name)
    layers = tuple(
        _Layer(
            _number(layer, "min", 0.0),
            _number(layer, "max", 1.0),
            _number(layer, "gain", 1.0),
            _number(layer, "pitch", 0.0),
            kit / layer.findtext("filename", ""),
        )
        for layer in row.iter("layer")
    )
    gain = _number(row, "volume", 1.0) * _number(row, "gain", 1.0)
    group = int(_number(row, "muteGroup", -1))
    return _Instrument(part, gain * _pan(row), group, layers)


def _pan(row: ElementTree.Element) -> np.ndarray:
    """Return the gains of both channels, 1 for the louder one."""
    if row.find("pan_L") is not None:
        sides = np.array([[_number(row, "pan_L", 0.5)], [_number(row, "pan_R", 0.5)]])
        return np.asarray(sides / max(sides.max(), 1e-9))
    pan = _number(row, "pan", 0.0)
    return np.array([[min(1.0, 1 - pan)], [min(1.0, 1 + pan)]])


def _strokes(root: ElementTree.Element, tempo_bpm: float) -> tuple[list[_Stroke], int]:
    """Return what is struck and when, in time order, and the song's ticks."""
    patterns = {
        row.findtext("name", ""): row for row in root.findall("./patternList/pattern")
    }
    swing = _number(root, "swing_factor", 0.0)
    strokes, start = [], 0
    for group in root.findall("./patternSequence/group"):
        names = [row.text or "" for row in group.findall("patternID")]
        rows = [patterns[name] for name in names if name in patterns]
        for row in rows:
            for note in row.iter("note"):
                strokes.append(_stroke(note, start, swing, tempo_bpm))
        start += max((int(_number(row, "size", _BAR)) for row in rows), default=_BAR)
    return sorted(strokes, key=lambda stroke: stroke.frame), start


def _stroke(
    note: ElementTree.Element, start: int, swing: float, tempo_bpm: float
) -> _Stroke:
    frames_per_tick = SAMPLE_RATE * 60 / tempo_bpm / _BEAT
    tick = int(_number(note, "position", 0))
    late = swing * _SWUNG / 2 if tick % (2 * _SWUNG) == _SWUNG else 0.0
    length = _number(note, "length", -1)
    return _Stroke(
        round((start + tick + late) * frames_per_tick),
        note.findtext("instrument", ""),
        _pan(note),
        _number(note, "velocity", 0.8),
        _semitones(note.findtext("key", "C0")),
        round(length * frames_per_tick) if length > 0 else None,
    )


def _semitones(key: str) -> float:
    """Return the transposition that a key such as "Fs-1" means; "C0" is none."""
    name = key.rstrip("-0123456789")
    octave = key[len(name) :]
    return (_KEYS.index(name) if name in _KEYS else 0) + 12 * int(octave or 0)


def _render(
    strokes: list[_Stroke], instruments: dict[str, _Instrument], n_frames: int
) -> dict[str, np.ndarray]:
    parts = sorted({instrument.part for instrument in instruments.values()} | {OTHER})
    stems = {part: np.zeros((2, n_frames), np.float32) for part in parts}
    for number, stroke in enumerate(strokes):
        instrument = instruments[stroke.instrument]
        sound = _sound(stroke, instrument)
        if sound is None or stroke.frame >= n_frames:
            continue
        stop = _stop(strokes[number + 1 :], stroke, instruments)
        sound = _cut(sound, stop)[:, : n_frames - stroke.frame]
        span = slice(stroke.frame, stroke.frame + sound.shape[1])
        stems[instrument.part][:, span] += sound
    return stems


def _sound(stroke: _Stroke, instrument: _Instrument) -> np.ndarray | None:
    for layer in instrument.layers:
        if layer.min_velocity <= stroke.velocity <= layer.max_velocity:
            sound = samples.read(layer.path)
            sound = samples.transpose(sound, layer.semitones + stroke.semitones)
            gains = stroke.gains * instrument.gains * stroke.velocity * layer.gain
            return np.asarray(sound * gains, np.float32)
    return None


def _stop(
    later: list[_Stroke], stroke: _Stroke, instruments: dict[str, _Instrument]
) -> int | None:
    """Return after how many frames a sound is cut off, by its length or its group."""
    group = instruments[stroke.instrument].group
    stops = [stroke.n_frames] if stroke.n_frames is not None else []
    if group >= 0:
        for other in later:
            same = other.instrument == stroke.instrument
            if not same and instruments[other.instrument].group == group:
                stops.append(other.frame - stroke.frame)
                break
    return min(stops, default=None)


def _cut(sound: np.ndarray, stop: int | None) -> np.ndarray:
    if stop is None or stop >= sound.shape[1]:
        return sound
    sound = sound[:, : stop + _FADE].copy()
    n_fade = sound.shape[1] - stop
    sound[:, stop:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    return sound


def _whole_bars(root: ElementTree.Element) -> bool:
    sizes = [
        _number(row, "size", _BAR) for row in root.findall("./patternList/pattern")
    ]
    return all(size % _BAR == 0 for size in sizes)


def _number(row: ElementTree.Element, name: str, default: float) -> float:
    text = row.findtext(name)
    return default if text is None or not text.strip() else float(text)
