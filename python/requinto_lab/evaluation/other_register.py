# SPDX-License-Identifier: GPL-3.0-or-later
"""Items whose reference lies in another register, or is another part, than the target.

The same timbre plays both.  Nothing is resampled: the notes are rendered anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from requinto_lab.evaluation import arranging
from requinto_lab.evaluation.arranging import (
    REFERENCE_S,
    Voice,
    item_row,
    loudest_part,
    voices,
)
from requinto_lab.evaluation.items import Row
from requinto_lab.evaluation.levels import is_balanced
from requinto_lab.material.instruments import MELODIC
from requinto_lab.material.songs import Note, Song, generator, plan_loop
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import STYLES

# A fourth, fifth, octave, twelfth and two octaves, up and down in turn
SEMITONES = (12, -12, 7, -7, 24, -5, 19, -19, 5, -24)
PLAYABLE = range(28, 101)  # MIDI notes of a reference
_PART_EVERY = 5  # items: each fifth has another part as reference
_NEAREST = 4  # semitones, between the medians of target and reference
_MAX_SEEDS = 40  # loops in which a reference is looked for
_REFERENCE_SEED = 500  # after the song's: where loops of references begin


def rows(song: Song, split: str, index: int) -> Iterator[Row]:
    """Yield the item of a song: at most one, of a pitched instrument that serves.

    Parameters
    ----------
    song : Song
        A loop.
    split : str
        Whose timbres play.
    index : int
        Of the item in its set; it chooses the interval.
    """
    stems = {voice: voice.render() for voice in voices(song, split)}
    stems = {v: stem for v, stem in stems.items() if arranging.sounds(stem)}
    rng = generator(song.seed, "register")
    players = list(stems)
    order = [players[i] for i in rng.permutation(len(players))]
    pitched = [voice for voice in order if voice.instrument in MELODIC]
    for voice, change in _changes(pitched, index):
        # Another player of the instrument might be as like the reference
        rest = [s for v, s in stems.items() if v.instrument != voice.instrument]
        if not rest or not is_balanced(stems[voice], np.sum(rest, axis=0)):
            continue
        made = _reference(voice, change)
        if made:
            reference, about = made
            label = f"{change:+d}" if change else "part"
            name, stem = f"{voice.label}-{label}", stems[voice]
            yield item_row(name, voice, [stem, *rest], stem, reference, **about)
            return


def transpose_reference(
    voice: Voice, semitones: int, seed: int
) -> tuple[np.ndarray, float] | None:
    """Return three seconds of a player in another register, and how far off it is.

    Parameters
    ----------
    voice : Voice
        The target.
    semitones : int
        By which what it plays in another loop is transposed.
    seed : int
        Of the first loop that is tried.

    Returns
    -------
    tuple of np.ndarray and float, or None
        Sound `(2, n_frames)`, and the median pitch of its loop over the target's in
        semitones, of the sign of `semitones` and four or more. None where no loop
        has that and stays within `PLAYABLE`.
    """
    own = _median_pitch(voice.notes())
    moved = dataclasses.replace(voice, semitones=semitones)
    for loop_seed in range(seed, seed + _MAX_SEEDS):
        player = moved.in_loop(loop_seed)
        notes = player.notes()
        if not notes or not all(note.pitch in PLAYABLE for note in notes):
            continue
        distance = _median_pitch(notes) - own
        if distance * np.sign(semitones) < _NEAREST:
            continue
        stem = player.render()
        if arranging.sounds(stem):
            return loudest_part(stem, round(REFERENCE_S * SAMPLE_RATE)), distance
    return None


def other_parts(voice: Voice, seed: int) -> list[Voice]:
    """Return the player in parts of another manner that are for its instrument.

    Those of its own style come first.
    """
    own = voice.song.style
    players = []
    for style in (own, *(s for s in STYLES.values() if s is not own)):
        loop = plan_loop(style, seed)
        for part in style.parts:
            fits = not voice.timbre.manner or voice.timbre.manner == part.manner
            other = part.manner not in (voice.part.manner, "strokes")
            if voice.instrument in part.instruments and other and fits:
                players.append(dataclasses.replace(voice, part=part, song=loop))
    return players


def _changes(voices: list[Voice], index: int) -> Iterator[tuple[Voice, int]]:
    """Yield players and intervals to try, the wanted first; 0 is another part."""
    turn = index - index // _PART_EVERY  # intervals alone are counted
    wanted = SEMITONES[turn % len(SEMITONES) :] + SEMITONES[: turn % len(SEMITONES)]
    if index % _PART_EVERY == _PART_EVERY - 1:
        wanted = (0, *wanted)
    for semitones in wanted:
        for voice in voices:
            yield voice, semitones


def _reference(voice: Voice, semitones: int) -> tuple[np.ndarray, Row] | None:
    """Return a reference and what is to be said of it, where there is one."""
    seed = voice.song.seed + _REFERENCE_SEED
    if semitones:
        made = transpose_reference(voice, semitones, seed)
        if made is None:
            return None
        sound, distance = made
        about = {"reference_semitones": semitones, "register_semitones": distance}
        return sound, about
    players = other_parts(voice, seed)
    if not players:
        return None
    player = players[0]
    name = f"{player.song.style.name} {player.part.name}"
    return player.reference(seed), {"reference_part": name}


def _median_pitch(notes: list[Note]) -> float:
    return float(np.median([note.pitch for note in notes])) if notes else 0.0
