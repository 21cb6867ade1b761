# SPDX-License-Identifier: GPL-3.0-or-later
"""From notes to a stem: one function for each kind of source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from requinto_lab.material import (
    kits,
    samples,
    synthesis_additive,
    synthesis_drums,
    synthesis_fm,
    synthesis_modal,
    synthesis_subtractive,
)
from requinto_lab.material import synthesis_heldout as heldout
from requinto_lab.material import synthesis_percussion as percussion
from requinto_lab.material import synthesis_strings as strings
from requinto_lab.material.finishing import add_at, fit_length, let_go
from requinto_lab.material.sampler import StrokeSet
from requinto_lab.material.songs import Note, Song, generator
from requinto_lab.material.soundfonts import SAMPLE_RATE, FrameNotes

LEAD_IN_S = 0.05  # before the first beat, for notes that come early
_LONGEST_PLUCK_S = 2.5
_STRUM_S = 0.06  # notes closer than this are one stroke

Keys = dict[str, tuple[int, ...]]
# Notes as (first frame, end frame, MIDI note, velocity), and a length in frames
RenderNotes = Callable[[FrameNotes, int], np.ndarray]


class Model(NamedTuple):
    """A synthesis model: how to sample an instrument, and to sound it."""

    sample: Callable[..., Any]  # (rng, *, instrument) -> parameters
    sound: Callable[..., np.ndarray]  # (pitch or stroke, ...) -> mono
    kind: str  # "rings": a note has its own length; "held"; "struck": by strokes


MODELS: dict[str, Model] = {
    "waveguide": Model(strings.sample_string, strings.pluck_waveguide, "rings"),
    "partials": Model(strings.sample_string, strings.pluck_partials, "rings"),
    "plucked-fm": Model(strings.sample_string, strings.pluck_fm, "rings"),
    "synth-bass": Model(strings.sample_string, strings.synth_bass, "rings"),
    "courses": Model(heldout.sample_course, heldout.pluck_course, "rings"),
    "modal": Model(synthesis_modal.sample_modes, synthesis_modal.strike_modes, "rings"),
    "tones": Model(synthesis_additive.sample_tone, synthesis_additive.tone, "held"),
    "formants": Model(synthesis_additive.sample_tone, synthesis_additive.sing, "held"),
    "operators": Model(synthesis_fm.sample_operators, synthesis_fm.operators, "held"),
    "patches": Model(
        synthesis_subtractive.sample_patch, synthesis_subtractive.patch, "held"
    ),
    "membrane": Model(percussion.sample_drum, percussion.strike, "struck"),
    "ridges": Model(percussion.sample_scraper, percussion.scrape_ridges, "struck"),
    "comb": Model(percussion.sample_scraper, percussion.scrape_comb, "struck"),
    "grains": Model(percussion.sample_scraper, percussion.shake_grains, "struck"),
    "circuits": Model(synthesis_drums.sample_circuit, synthesis_drums.hit, "struck"),
    "sweep": Model(heldout.sample_sweep, heldout.strike_sweep, "struck"),
    "noise": Model(percussion.sample_scraper, percussion.scrape_noise, "struck"),
}


def n_frames_of(song: Song) -> int:
    """Return the length of every stem of a song."""
    return round((LEAD_IN_S + song.seconds(song.n_beats)) * SAMPLE_RATE)


def frame_of(beat: float, song: Song) -> int:
    """Return the frame of a beat in the stems of a song."""
    return round((LEAD_IN_S + song.seconds(beat)) * SAMPLE_RATE)


def frames_of(beats: float, song: Song) -> int:
    """Return a length in beats as frames."""
    return int(beats * 60 / song.tempo_bpm * SAMPLE_RATE)


def through_kit(
    render: RenderNotes, keys: Keys, semitones: float, notes: list[Note], song: Song
) -> np.ndarray:
    """Return strokes through the keys of a drum kit, transposed.

    Transposed by playing at another speed and resampling back to time.
    """
    ratio = 2 ** (semitones / 12)
    size = n_frames_of(song)
    played = []
    for note in notes:
        start = max(round(frame_of(note.beat, song) * ratio), 0)
        for key in keys.get(note.sound, ()):
            played.append((start, start + 4000, key, note.velocity))
    sound = render(played, int(size * ratio) + 64)
    return fit_length(samples.transpose(sound, semitones), size)


def through_model(
    model: str,
    name: str,
    instrument: str,
    notes: list[Note],
    song: Song,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return notes through a synthesis model.

    Parameters
    ----------
    model : str
        A key of `MODELS`.
    name : str
        Which imaginary instrument: the same name gives the same one.
    instrument : str
        Its class.
    notes : list of Note
    song : Song
        Gives beats their time.
    rng : np.random.Generator
        What differs from note to note.
    """
    made = MODELS[model]
    params = made.sample(generator(model, instrument, name), instrument=instrument)
    release_s = float(generator(model, name, "release").uniform(0.02, 0.2))
    render = {"rings": _ring_notes, "held": _hold_notes, "struck": _strike_notes}[
        made.kind
    ]
    sound = np.zeros((1, n_frames_of(song)), np.float32)
    for note, samples_ in render(_Playing(made, params, release_s, song, rng), notes):
        add_at(sound, samples_[None].astype(np.float32), frame_of(note.beat, song))
    return sound


class _Playing(NamedTuple):
    """An imaginary instrument in a song."""

    made: Model
    params: Any
    release_s: float
    song: Song
    rng: np.random.Generator


def _ring_notes(
    playing: _Playing, notes: list[Note]
) -> Iterator[tuple[Note, np.ndarray]]:
    """Yield plucks and hammer strokes, damped where their notes end.

    Takes of the same note are kept and repeated, as a sampler would with three
    round robins: a pluck differs from the next, but synthesis stays cheap.
    """
    made, params, release_s, song, rng = playing
    longest = int(_LONGEST_PLUCK_S * SAMPLE_RATE)
    takes: dict[tuple[int, int, int], np.ndarray] = {}
    for note in notes:
        key = (note.pitch, int(note.velocity * 3.99), int(rng.integers(3)))
        if key not in takes:
            force = (key[1] + 0.5) / 4
            take = made.sound(note.pitch, longest, force, params, rng)
            takes[key] = take.astype(np.float32) / np.float32(force)
        length = frames_of(note.beats, song)
        yield note, let_go(takes[key], length, release_s) * note.velocity


def _hold_notes(
    playing: _Playing, notes: list[Note]
) -> Iterator[tuple[Note, np.ndarray]]:
    made, params, release_s, song, rng = playing
    for note in notes:
        length = frames_of(note.beats, song)
        size = length + int(4 * release_s * SAMPLE_RATE)
        tone = made.sound(note.pitch, size, note.velocity, params, rng)
        yield note, let_go(tone, length, release_s)


def _strike_notes(
    playing: _Playing, notes: list[Note]
) -> Iterator[tuple[Note, np.ndarray]]:
    made, params, _, _, rng = playing
    for note in notes:
        yield note, made.sound(note.sound, note.velocity, params, rng)


def through_recorded_kit(kit: str, notes: list[Note], song: Song) -> np.ndarray:
    """Return strokes through a recorded drum kit; what it lacks is not played."""
    sound = np.zeros((2, n_frames_of(song)), np.float32)
    for note in notes:
        stroke = kits.stroke(kit, note.sound, note.velocity)
        if stroke is not None:
            add_at(sound, stroke, frame_of(note.beat, song))
    return sound


def through_strokes(kit: StrokeSet, notes: list[Note], song: Song) -> np.ndarray:
    """Return strokes through a set of recordings; what it lacks is not played."""
    played = [
        (frame_of(note.beat, song), note.sound, note.velocity)
        for note in notes
        if note.sound in kit.strokes
    ]
    return kit.render(played, n_frames_of(song))


def through_notes(render: RenderNotes, notes: list[Note], song: Song) -> np.ndarray:
    """Return notes through whatever takes them as frames."""
    played = [
        (frame_of(n.beat, song), frame_of(n.beat + n.beats, song), n.pitch, n.velocity)
        for n in notes
    ]
    return render(played, n_frames_of(song))


def through_hands(
    instrument: str,
    semitones: float,
    notes: list[Note],
    song: Song,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return strokes through the recorded bongos; of others, through a maraca."""
    sound = np.zeros((1, n_frames_of(song)), np.float32)
    for note in notes:
        shift = round(2 * (semitones + rng.normal(0, 0.15))) / 2
        if instrument in ("bongo", "conga"):
            name = "BongoLo" if note.sound in ("lo", "low") else "BongoHi"
            stroke = samples.hand_stroke(name, note.velocity, shift)
            if note.sound in ("tip", "slap", "mute"):
                stroke = _fade(stroke, 0.06 if note.sound == "slap" else 0.03)
        else:
            stroke = samples.hand_stroke("Maraca", note.velocity, shift)
            if note.sound == "long":
                # A scrape from shakes that follow one another closely
                for i in range(1, 5):
                    again = samples.hand_stroke("Maraca", note.velocity * 0.8, shift)
                    at = frame_of(note.beat, song) + i * 900
                    add_at(sound, again[:1] * np.float32(0.8**i), at)
        add_at(sound, stroke[:1], frame_of(note.beat, song))
    return sound


def through_strums(
    take: int, notes: list[Note], song: Song, rng: np.random.Generator
) -> np.ndarray:
    """Return strokes over the strings as recorded chords."""
    sound = np.zeros((2, n_frames_of(song)), np.float32)
    apart = _STRUM_S * song.tempo_bpm / 60
    strokes = [
        note
        for last, note in zip([None, *notes], notes, strict=False)
        if last is None or note.beat - last.beat > apart
    ]
    ends = [note.beat for note in strokes[1:]] + [float(song.n_beats)]
    for note, end in zip(strokes, ends, strict=True):
        chord = song.chord_at(round(4 * note.beat) / 4)
        direction = "up" if note.sound == "up" else "down"
        recorded = samples.strum(chord, direction, take)
        length = frame_of(end, song) - frame_of(note.beat, song)
        if note.sound == "mute":
            length = min(length, 3000)
        force = np.float32(note.velocity * rng.uniform(0.95, 1.15))
        strum = let_go(recorded, length, 0.03) * force
        add_at(sound, strum, frame_of(note.beat, song))
    return sound


def _fade(note: np.ndarray, seconds: float) -> np.ndarray:
    time = np.arange(note.shape[1], dtype=np.float32) / SAMPLE_RATE
    return np.asarray(note * np.exp(-time / np.float32(seconds)))
