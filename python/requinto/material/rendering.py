# SPDX-License-Identifier: GPL-3.0-or-later
"""From notes to a stem: each kind of source, and what is done to every stem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pedalboard

from requinto.material import kits, samples, soundfonts
from requinto.material import synthesis_heldout as heldout
from requinto.material import synthesis_percussion as percussion
from requinto.material import synthesis_strings as strings
from requinto.material import synthesis_sustained as sustained
from requinto.material.patterns import strums
from requinto.material.songs import Note, Song, generator
from requinto.material.soundfonts import SAMPLE_RATE

LEAD_IN_S = 0.05  # before the first beat, for notes that come early
ACTIVE_LEVEL_DB = -20.0  # RMS of a stem where it sounds
_PEAK = 0.95
_KNEE = 0.55  # 15 dB over the level: only clicks and slaps reach it

Keys = dict[str, tuple[int, ...]]
# Keys of General MIDI kits for each stroke; several are played at once
BONGO_KEYS: dict[str, Keys] = {
    "bongo": {"hi": (60,), "tip": (60,), "slap": (60,), "lo": (61,)},
    "conga": {"hi": (63,), "tip": (62,), "slap": (62,), "lo": (64,)},
}
GUIRA_KEYS: dict[str, Keys] = {
    "guiro": {"long": (74,), "short": (73,)},
    "guiro-short": {"long": (73,), "short": (73,)},
    "cabasa": {"long": (69,), "short": (69,)},
    "maracas": {"long": (70,), "short": (70,)},
    "guiro-cabasa": {"long": (74, 69), "short": (69,)},
}
CONGA_KEYS: Keys = {"open": (63,), "mute": (62,), "slap": (62,), "low": (64,)}
TIMBALE_KEYS: Keys = {"high": (65,), "low": (66,), "bell": (56,)}
DRUM_KEYS: Keys = {"kick": (36,), "snare": (38,), "hat": (42,), "open": (46,)}

_PERCUSSION: dict[str, tuple[Callable[..., Any], Callable[..., np.ndarray]]] = {
    "membrane": (percussion.draw_drum, percussion.strike),
    "ridges": (percussion.draw_scraper, percussion.scrape_ridges),
    "grains": (percussion.draw_scraper, percussion.shake_grains),
    "sweep": (heldout.draw_sweep, heldout.strike_sweep),
    "noise": (percussion.draw_scraper, percussion.scrape_noise),
}
_STRINGS: dict[str, tuple[Callable[..., Any], Callable[..., np.ndarray]]] = {
    "waveguide": (strings.draw_string, strings.pluck_waveguide),
    "partials": (strings.draw_string, strings.pluck_partials),
    "fm": (strings.draw_string, strings.pluck_fm),
    "subtractive": (strings.draw_string, strings.synth_bass),
    "courses": (heldout.draw_course, heldout.pluck_course),
}


def n_frames_of(song: Song) -> int:
    """Return the length of every stem of a song."""
    return round((LEAD_IN_S + song.n_beats * 60 / song.tempo_bpm) * SAMPLE_RATE)


def frame_of(beat: float, song: Song) -> int:
    """Return the frame of a beat in the stems of a song."""
    return round((LEAD_IN_S + beat * 60 / song.tempo_bpm) * SAMPLE_RATE)


def through_bank(bank: str, program: int, notes: list[Note], song: Song) -> np.ndarray:
    """Return notes through a preset of a sound bank."""
    played = [
        (frame_of(n.beat, song), frame_of(n.beat + n.beats, song), n.pitch, n.velocity)
        for n in notes
    ]
    return soundfonts.bank(bank).render(played, n_frames_of(song), program)


def through_kit(
    bank: str,
    kit: int,
    notes: list[Note],
    keys: Keys,
    song: Song,
    semitones: float = 0.0,
) -> np.ndarray:
    """Return strokes through a drum kit of a sound bank, transposed.

    Transposed by playing at another speed and resampling back to time.
    """
    ratio = 2 ** (semitones / 12)
    size = n_frames_of(song)
    played = []
    for note in notes:
        start = round(frame_of(note.beat, song) * ratio)
        for key in keys[note.sound]:
            played.append((start, start + 4000, key, note.velocity))
    source = soundfonts.bank(bank)
    sound = source.render(played, int(size * ratio) + 64, kit, drums=True)
    return fitted(samples.transposed(sound, semitones), size)


def through_string(
    model: str, name: str, notes: list[Note], song: Song, rng: np.random.Generator
) -> np.ndarray:
    """Return notes through one of the plucked string models.

    Takes of the same note are kept and repeated, as a sampler would with three
    round robins: a pluck differs from the next, but synthesis stays cheap.
    """
    draw_one, pluck = _STRINGS[model]
    draw = draw_one(generator(model, name), bass=name.startswith("bass"))
    release_s = float(generator(model, name, "release").uniform(0.02, 0.12))
    longest = int(2.5 * SAMPLE_RATE)
    takes: dict[tuple[int, int, int], np.ndarray] = {}
    sound = np.zeros((1, n_frames_of(song)), np.float32)
    for note in notes:
        key = (note.pitch, int(note.velocity * 3.99), int(rng.integers(3)))
        if key not in takes:
            force = (key[1] + 0.5) / 4
            take = pluck(note.pitch, longest, force, draw, rng)
            takes[key] = take.astype(np.float32) / np.float32(force)
        length = int(note.beats * 60 / song.tempo_bpm * SAMPLE_RATE)
        released = _released(takes[key], length, release_s)
        _add(sound, released[None] * note.velocity, frame_of(note.beat, song))
    return sound


def through_tone(
    name: str, notes: list[Note], song: Song, rng: np.random.Generator, *, voice: bool
) -> np.ndarray:
    """Return notes through a synthesiser patch, or sung."""
    draw = sustained.draw_tone(generator("tone", name), voice=voice)
    release_s = float(generator("tone", name, "release").uniform(0.03, 0.25))
    make = sustained.sing if voice else sustained.tone
    sound = np.zeros((1, n_frames_of(song)), np.float32)
    for note in notes:
        length = int(note.beats * 60 / song.tempo_bpm * SAMPLE_RATE)
        size = length + int(4 * release_s * SAMPLE_RATE)
        made = make(note.pitch, size, note.velocity, draw, rng)[None]
        released = _released(made.astype(np.float32), length, release_s)
        _add(sound, released, frame_of(note.beat, song))
    return sound


def through_recorded_kit(kit: str, notes: list[Note], song: Song) -> np.ndarray:
    """Return strokes through a recorded drum kit; what it lacks is not played."""
    sound = np.zeros((2, n_frames_of(song)), np.float32)
    for note in notes:
        stroke = kits.stroke(kit, note.sound, note.velocity)
        if stroke is not None:
            _add(sound, stroke, frame_of(note.beat, song))
    return sound


def through_model(
    model: str, name: str, notes: list[Note], song: Song, rng: np.random.Generator
) -> np.ndarray:
    """Return strokes through one of the percussion models."""
    draw_one, strike = _PERCUSSION[model]
    draw = draw_one(generator(model, name))
    sound = np.zeros((1, n_frames_of(song)), np.float32)
    for note in notes:
        stroke = strike(note.sound, note.velocity, draw, rng)[None]
        _add(sound, stroke.astype(np.float32), frame_of(note.beat, song))
    return sound


def through_hands(
    part: str,
    notes: list[Note],
    song: Song,
    semitones: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return strokes through the recorded bongos, or maraca for the güira."""
    sound = np.zeros((1, n_frames_of(song)), np.float32)
    for note in notes:
        shift = round(2 * (semitones + rng.normal(0, 0.15))) / 2
        if part == "bongo":
            name = "BongoLo" if note.sound == "lo" else "BongoHi"
            stroke = samples.hand_stroke(name, note.velocity, shift)
            if note.sound in ("tip", "slap"):
                stroke = _faded(stroke, 0.03 if note.sound == "tip" else 0.06)
        else:
            stroke = samples.hand_stroke("Maraca", note.velocity, shift)
            if note.sound == "long":
                # A scrape from shakes that follow one another closely
                for i in range(1, 5):
                    again = samples.hand_stroke("Maraca", note.velocity * 0.8, shift)
                    at = frame_of(note.beat, song) + i * 900
                    _add(sound, again[:1] * np.float32(0.8**i), at)
        _add(sound, stroke[:1], frame_of(note.beat, song))
    return sound


def through_strums(take: int, song: Song, rng: np.random.Generator) -> np.ndarray:
    """Return the segunda's strokes as recorded chords."""
    sound = np.zeros((2, n_frames_of(song)), np.float32)
    strokes = strums(song, rng)
    ends = [beat for beat, _, _ in strokes[1:]] + [float(song.n_beats)]
    for (beat, stroke, bar), end in zip(strokes, ends, strict=True):
        direction = "up" if stroke.lower() == "u" else "down"
        chord = samples.strum(song.chords[bar], direction, take)
        length = frame_of(end, song) - frame_of(beat, song)
        if stroke == "x":
            length = min(length, 3000)
        loose = rng.normal(0, song.looseness_s) * song.tempo_bpm / 60
        force = np.float32((0.9 if stroke.isupper() else 0.6) * rng.uniform(0.85, 1.1))
        _add(
            sound, _released(chord, length, 0.03) * force, frame_of(beat + loose, song)
        )
    return sound


def with_character(sound: np.ndarray, name: str) -> np.ndarray:
    """Return sound through a chain of effects that only depends on `name`."""
    rng = generator(name, "character")
    db = rng.normal(0, 4, 3)
    chain: list[pedalboard.Plugin] = [
        pedalboard.LowShelfFilter(float(rng.uniform(80, 400)), float(db[0]), 0.7),
        pedalboard.PeakFilter(
            float(np.exp(rng.uniform(5.7, 8.3))),
            float(db[1]),
            float(rng.uniform(0.5, 2)),
        ),
        pedalboard.HighShelfFilter(float(rng.uniform(2500, 8000)), float(db[2]), 0.7),
    ]
    if rng.random() < 0.5:
        chain.append(
            pedalboard.Compressor(
                float(rng.uniform(-35, -20)),
                float(rng.uniform(2, 6)),
                float(rng.uniform(1, 20)),
                float(rng.uniform(50, 200)),
            )
        )
    if rng.random() < 0.25:
        chain.append(pedalboard.Distortion(float(rng.uniform(3, 14))))
    if rng.random() < 0.25:
        chain.append(
            pedalboard.Chorus(
                float(rng.uniform(0.3, 2)), 0.2, mix=rng.uniform(0.1, 0.4)
            )
        )
    level = np.sqrt(np.mean(sound**2)) + 1e-9
    board = pedalboard.Chain(chain)
    if len(sound) == 1 and rng.random() < 0.4:
        sound = np.repeat(sound, 2, axis=0)
    return np.asarray(board((sound * (0.1 / level)).astype(np.float32), SAMPLE_RATE))


def active_power(sound: np.ndarray) -> float:
    """Return the mean square of sound over its active 50 ms parts.

    Parts more than 30 dB under the loudest do not count.  0 for silence.
    """
    size = 2205
    n = max(sound.shape[1] // size, 1)
    cut = sound[:, : n * size].reshape(len(sound), n, -1)
    power = np.mean(cut.astype(np.float64) ** 2, axis=(0, 2))
    return float(power[power >= power.max() * 1e-3].mean())


def finished(sound: np.ndarray, song: Song) -> np.ndarray:
    """Return a stem at its level, without offset, in one channel if it can be."""
    sound = fitted(sound, n_frames_of(song)).astype(np.float32)
    sound = sound - sound.mean(axis=1, keepdims=True)
    if len(sound) == 2 and np.abs(sound[0] - sound[1]).max() < 1e-4:
        sound = sound[:1]
    n_fade = 1000
    sound[:, -n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    for _ in range(3):  # taming peaks lowers the level a little each time
        sound = _tamed(sound * np.float32(_to_level(sound)))
    gain = min(_to_level(sound), _PEAK / (np.abs(sound).max() + 1e-12))
    return np.asarray(sound * np.float32(gain))


def _to_level(sound: np.ndarray) -> float:
    wanted = 10 ** (ACTIVE_LEVEL_DB / 20)
    return float(wanted / np.sqrt(active_power(sound) + 1e-12))


def _tamed(sound: np.ndarray) -> np.ndarray:
    """Return sound with what exceeds `_KNEE` compressed, as tape would."""
    size = np.abs(sound)
    over = np.maximum(size / np.float32(_KNEE), 1) ** np.float32(-0.7)
    return np.asarray(sound * over)


def fitted(sound: np.ndarray, n_frames: int) -> np.ndarray:
    """Return sound cut or filled with silence to a length."""
    missing = n_frames - sound.shape[1]
    return np.pad(sound, ((0, 0), (0, max(missing, 0))))[:, :n_frames]


def _add(sound: np.ndarray, note: np.ndarray, start: int) -> None:
    """Mix a note into sound; what lies outside is dropped."""
    note = note[:, max(-start, 0) :]
    start = max(start, 0)
    n = min(note.shape[1], sound.shape[1] - start)
    if n > 0:
        sound[:, start : start + n] += note[:, :n]


def _released(note: np.ndarray, length: int, release_s: float) -> np.ndarray:
    """Return a note damped after `length` frames."""
    size = min(note.shape[-1], length + int(5 * release_s * SAMPLE_RATE))
    note = note[..., :size].copy()
    if size > length:
        after = np.arange(size - length, dtype=np.float32)
        note[..., length:] *= np.exp(-after / np.float32(release_s * SAMPLE_RATE))
    return note


def _faded(note: np.ndarray, seconds: float) -> np.ndarray:
    time = np.arange(note.shape[1], dtype=np.float32) / SAMPLE_RATE
    return np.asarray(note * np.exp(-time / np.float32(seconds)))
