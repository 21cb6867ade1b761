# SPDX-License-Identifier: GPL-3.0-or-later
"""Play notes on recordings: bends, vibrato, slides, palm mutes, one take at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from requinto_lab.material.finishing import add_at, let_go
from requinto_lab.material.recorded_notes import NoteSet, RecordedLibrary
from requinto_lab.material.rendering import frame_of, n_frames_of
from requinto_lab.material.sampler import Sample, level
from requinto_lab.material.songs import Note, Song
from requinto_lab.material.soundfonts import SAMPLE_RATE

_REACH = 3  # semitones beyond the recorded range that still sound natural
_FADE_S = 0.01  # where a recording ends before its note does
_SLIDE_GAP_S = 0.06  # a slide starts from a note that ended no longer ago


@dataclass(frozen=True)
class Touch:
    """What a player does to notes; shares are of the notes that are long enough."""

    bends: float = 0.0  # share that starts below and is bent up
    vibrato: float = 0.0  # share
    vibrato_cents: float = 20.0
    slides: float = 0.0  # share that slides from the note before
    release_s: float = 0.05
    solo: bool = False  # one note at a time: the next one ends it
    loose_s: float = 0.0  # standard deviation of timing, for a second take
    cents: float = 0.0  # tuning of the whole take


def play_take(
    library: RecordedLibrary,
    notes: Sequence[Note],
    song: Song,
    touch: Touch,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return one take of a part, all its notes summed, dry.

    Parameters
    ----------
    library : RecordedLibrary
        What plays; notes out of its range are moved by octaves.
    notes : sequence of Note
        In order of time.  The sound "palm" is damped by the palm, "mute" is a
        stroke over damped strings.
    song : Song
        Gives beats their time.
    touch : Touch
    rng : np.random.Generator
        Takes, timing, and which notes are bent.

    Returns
    -------
    np.ndarray, shape=(1, n_frames)
    """
    out = np.zeros((1, n_frames_of(song)), np.float32)
    damping_s = float(rng.uniform(0.025, 0.06))
    before: tuple[int, int] | None = None  # end frame and pitch
    for i, note in enumerate(notes):
        start = frame_of(note.beat, song)
        end = frame_of(note.beat + note.beats, song)
        if touch.solo and i + 1 < len(notes):
            end = min(end, frame_of(notes[i + 1].beat, song))
        length = max(end - start, 500)
        pitch = _within(note.pitch, library.held)
        if note.sound == "mute":
            sound = _dead_stroke(library, pitch, rng)
        elif note.sound == "palm":
            sound = _palm_mute(library, pitch, note.velocity, damping_s, rng)
        else:
            sample = _pick(library, pitch, length, note.velocity, rng)
            curve = _pitch_curve(pitch, before, start, length, touch, rng)
            sound = _resample(sample, curve + touch.cents / 100)
            sound = let_go(sound, length, touch.release_s)
        before = (end, pitch)
        late = round(float(rng.normal(0, touch.loose_s)) * SAMPLE_RATE)
        add_at(out, sound * level(note.velocity), start + late)
    return out


def _within(pitch: int, notes: NoteSet) -> int:
    """Return a pitch moved by octaves into what a library can play."""
    low, high = notes.range
    while pitch > high + _REACH and pitch - 12 >= low - _REACH:
        pitch -= 12
    while pitch < low - _REACH and pitch + 12 <= high + _REACH:
        pitch += 12
    return pitch


def _pick(
    library: RecordedLibrary,
    pitch: int,
    length: int,
    velocity: float,
    rng: np.random.Generator,
) -> Sample:
    short = library.short
    if short is not None and length < library.short_s * SAMPLE_RATE:
        return short.pick(pitch, velocity, rng)
    return library.held.pick(pitch, velocity, rng)


def _pitch_curve(
    pitch: int,
    before: tuple[int, int] | None,
    start: int,
    length: int,
    touch: Touch,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the pitch of a note at each frame until it has decayed."""
    size = length + int(5 * touch.release_s * SAMPLE_RATE)
    time = np.arange(size) / SAMPLE_RATE
    seconds = length / SAMPLE_RATE
    curve = np.full(size, float(pitch))
    chances = rng.random(3)
    near = before is not None and 0 < abs(before[1] - pitch) <= 5
    if near and before and start - before[0] < _SLIDE_GAP_S * SAMPLE_RATE:
        near = chances[0] < touch.slides
    else:
        near = False
    if near and before:
        curve += (before[1] - pitch) * (1 - _ramp(time, 0.0, rng.uniform(0.04, 0.1)))
    elif chances[1] < touch.bends and seconds > 0.25:
        waits, lasts = rng.uniform(0, 0.1), rng.uniform(0.08, 0.25)
        curve -= float(rng.choice((1, 2, 2))) * (1 - _ramp(time, waits, lasts))
    if chances[2] < touch.vibrato and seconds > 0.35:
        depth = touch.vibrato_cents / 100 * rng.uniform(0.6, 1.4)
        swing = np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * time)
        curve += depth * swing * _ramp(time, rng.uniform(0.12, 0.3), 0.25)
    return curve


def _ramp(time: np.ndarray, starts_s: float, lasts_s: float) -> np.ndarray:
    """Return a smooth rise from 0 to 1."""
    progress = np.clip((time - starts_s) / lasts_s, 0, 1)
    return np.asarray(progress * progress * (3 - 2 * progress))


def _resample(sample: Sample, curve: np.ndarray) -> np.ndarray:
    """Return a recording at the pitch of a curve, `(1, n_frames)`."""
    steps = 2.0 ** ((curve - sample.pitch) / 12)
    positions = np.concatenate([[0.0], np.cumsum(steps[:-1])])
    needed = int(positions[-1]) + 8
    sound = sample.sound[0, :needed]
    n_inside = int(np.searchsorted(positions, len(sound) - 1))
    out = ndimage.map_coordinates(sound, [positions[:n_inside]], np.float32, order=3)
    n_fade = min(int(_FADE_S * SAMPLE_RATE), n_inside)
    out[n_inside - n_fade :] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    return np.asarray(out[None])


def _palm_mute(
    library: RecordedLibrary,
    pitch: int,
    velocity: float,
    damping_s: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a note under the palm: it dies soon, its upper partials sooner."""
    size = int(6 * damping_s * SAMPLE_RATE)
    sample = library.held.pick(pitch, velocity, rng)
    sound = _resample(sample, np.full(size, float(pitch)))
    decay = np.exp(-np.arange(sound.shape[1]) / (damping_s * SAMPLE_RATE))
    cutoff_hz = float(rng.uniform(900, 1800))
    dull = signal.lfilter(*signal.butter(2, cutoff_hz, fs=SAMPLE_RATE), sound)
    attack = sound * np.exp(-np.arange(sound.shape[1]) / (0.006 * SAMPLE_RATE))
    return np.asarray((dull * 1.3 + 0.5 * attack) * decay, np.float32)


def _dead_stroke(
    library: RecordedLibrary, pitch: int, rng: np.random.Generator
) -> np.ndarray:
    """Return a stroke over damped strings: a recorded one, or a note cut short."""
    if library.dead is not None:
        return library.dead.pick(0, 0.5, rng).sound[:, : int(0.15 * SAMPLE_RATE)]
    notes = library.short or library.held
    size = int(0.08 * SAMPLE_RATE)
    sound = _resample(notes.pick(pitch, 0.5, rng), np.full(size, float(pitch)))
    decay = np.exp(-np.arange(sound.shape[1]) / (0.012 * SAMPLE_RATE))
    return np.asarray(sound * decay, np.float32)
