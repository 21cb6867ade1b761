# SPDX-License-Identifier: GPL-3.0-or-later
"""How the tempo of a song moves: steadily, as players drift, or freely."""

from __future__ import annotations

import dataclasses

import numpy as np

from requinto_lab.material.songs import Song
from requinto_lab.material.tables import look_up

_DRIFT = 0.004  # standard deviation of a player's change of tempo from beat to beat
_FARTHEST = 0.08  # that drift ever takes the tempo from where it was
_SLOWED = (0.55, 0.8)  # tempo at the end of a ritardando
_RUBATO = 0.12  # standard deviation of a free beat's length
_CHANGED = (0.8, 1.25)  # tempo after a change
_PAUSE_BEATS = (0.5, 2.5)  # by which a held beat is longer


def vary_tempo(song: Song, manner: str, rng: np.random.Generator) -> Song:
    """Return a song whose tempo moves.

    Parameters
    ----------
    song : Song
        Steady, or moved already: manners add up.
    manner : str
        "drift": as without a click; "ritardando": slower over the last bars;
        "rubato": free in the pickup and the first section; "change": another
        tempo from some section on; "pauses": a beat or two is held at the end
        of a section.
    rng : np.random.Generator

    Raises
    ------
    ConfigError
        If the manner is unknown.
    """
    move = look_up(_MANNERS, manner, "unknown manner")
    beats = range(song.n_beats + 1)
    lengths_s = np.diff([song.seconds(beat) for beat in beats])
    lengths_s = move(song, lengths_s, rng)
    pulse_s = np.concatenate([[0.0], np.cumsum(lengths_s)])
    return dataclasses.replace(song, pulse_s=tuple(pulse_s.tolist()))


def _drift(song: Song, lengths_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    del song
    walk = np.cumsum(rng.normal(0, _DRIFT, len(lengths_s)))
    return lengths_s * np.exp(_FARTHEST * np.tanh(walk / _FARTHEST))


def _ritardando(
    song: Song, lengths_s: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    n_last = min(len(lengths_s), int(rng.integers(1, 4)) * song.style.beats_per_bar)
    tempo = np.ones(len(lengths_s))
    tempo[-n_last:] = np.linspace(1, rng.uniform(*_SLOWED), n_last)
    return lengths_s / tempo


def _rubato(song: Song, lengths_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    after = [beat for name, beat in song.sections if name not in ("pickup", "intro")]
    n_free = round(after[0]) if after else len(lengths_s)
    n_free = n_free or 2 * song.style.beats_per_bar
    free = rng.normal(0, _RUBATO, len(lengths_s))
    free = np.convolve(free, [0.25, 0.5, 0.25], "same")  # pushed and pulled, not torn
    free[n_free:] = 0
    return lengths_s * np.exp(free)


def _change(song: Song, lengths_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    starts = [round(beat) for _, beat in song.sections][1:] or [len(lengths_s) // 2]
    tempo = np.ones(len(lengths_s))
    tempo[int(rng.choice(starts)) :] = rng.uniform(*_CHANGED)
    return lengths_s / tempo


def _pauses(song: Song, lengths_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    ends = [round(bar.start) + bar.n_beats - 1 for bar in song.bars if bar.is_last]
    held = lengths_s.copy()
    for beat in rng.permutation(ends)[: int(rng.integers(1, 3))]:
        held[beat] *= 1 + rng.uniform(*_PAUSE_BEATS)
    return held


_MANNERS = {
    "drift": _drift,
    "ritardando": _ritardando,
    "rubato": _rubato,
    "change": _change,
    "pauses": _pauses,
}
MANNERS = tuple(_MANNERS)
