# SPDX-License-Identifier: GPL-3.0-or-later
"""Render tracker modules: the whole song, its beats, and each instrument alone.

A module holds its samples and rows of notes, so an instrument is rendered alone by
muting all others, and beats follow from the rows that play.
"""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from requinto_lab.material.module_player import Player
from requinto_lab.material.soundfonts import SAMPLE_RATE

_BLOCK = 64  # frames between looks at the row that plays
_CHUNK = 1 << 16  # frames at once where nobody looks
_ROWS_PER_BAR = 16
_SLOWEST_BPM, _FASTEST_BPM = 65.0, 190.0  # what a beat may be, of those that fit
_STEADY = 0.2  # largest change of tempo, as a share, for which beats are given


class Row(NamedTuple):
    """A row of a pattern as it is played."""

    start_s: float
    row: int  # in its pattern, from 0
    tempo_bpm: float  # as libopenmpt estimates it
    rows_per_beat: int


class Rendering(NamedTuple):
    """A module as libopenmpt plays it."""

    names: list[str]  # of its instruments, or of its samples if it has none
    used: set[int]  # which of them patterns name, from 0
    mix: np.ndarray  # float32 `(2, n_frames)`
    beats_s: tuple[float, ...]  # ascending; empty where rows do not show them
    downbeats_s: tuple[float, ...]


def render(data: bytes, longest_s: float) -> Rendering:
    """Return a module's mix and beats, from its start.

    Beats are right to 1.5 ms: the row is looked up every `_BLOCK` frames.

    Parameters
    ----------
    data : bytes
        Of the module's file.
    longest_s : float
        Seconds after which rendering stops; a module that repeats ends before.

    Raises
    ------
    ModuleError
        If libopenmpt is missing or cannot play it.
    """
    blocks: list[np.ndarray] = []
    rows: list[Row] = []
    last, here = (-1, -1), 0
    with closing(Player(data)) as player:
        names, used = player.names(), player.used_instruments()
        end = player.duration_s() * SAMPLE_RATE
        while here < longest_s * SAMPLE_RATE:
            block = player.read(_BLOCK)
            if block.shape[1] == 0:
                break
            blocks.append(block)
            # After its end a module stands at its start again, and notes die away
            ended = here + _BLOCK > end
            if not ended and (position := player.position()) != last:
                rows.append(Row(here / SAMPLE_RATE, position[1], *player.pace()))
                last = position
            here += block.shape[1]
    mix = np.concatenate(blocks, axis=1) if blocks else np.zeros((2, 1), np.float32)
    return Rendering(names, used, mix, *beats_of(rows))


def render_alone(data: bytes, numbers: set[int], n_frames: int) -> np.ndarray:
    """Return only some instruments of a module, float32 `(2, n_frames)`.

    Parameters
    ----------
    data : bytes
        Of the module's file.
    numbers : set of int
        The instruments (or samples), from 0 as `Player.names` lists them.
    n_frames : int
        Length; silence follows where the module ends before.

    Raises
    ------
    ModuleError
        If libopenmpt is missing, or cannot play it or mute the others.
    """
    sound, here = np.zeros((2, n_frames), np.float32), 0
    with closing(Player(data)) as player:
        player.mute([n for n in range(len(player.names())) if n not in numbers])
        while here < n_frames:
            block = player.read(min(_CHUNK, n_frames - here))
            if block.shape[1] == 0:
                break
            sound[:, here : here + block.shape[1]] = block
            here += block.shape[1]
    return sound


def beats_of(rows: list[Row]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return beats and downbeats in seconds, empty where rows do not show them."""
    if not rows:
        return (), ()
    tempi_bpm = np.array([row.tempo_bpm for row in rows])
    tempo_bpm = float(np.median(tempi_bpm))
    # Where the pace changes much, rows a beat change too, and no one says to what
    if np.any(np.abs(tempi_bpm / max(tempo_bpm, 1.0) - 1) > _STEADY):
        return (), ()
    per_beat = round(float(np.median([row.rows_per_beat for row in rows])))
    # Four rows a beat is a habit only: a tempo out of range means another number
    while tempo_bpm > _FASTEST_BPM:
        tempo_bpm, per_beat = tempo_bpm / 2, per_beat * 2
    while 0 < tempo_bpm < _SLOWEST_BPM and per_beat % 2 == 0:
        tempo_bpm, per_beat = tempo_bpm * 2, per_beat // 2
    if per_beat < 1:
        return (), ()
    beats_s = tuple(round(r.start_s, 6) for r in rows if r.row % per_beat == 0)
    # Patterns of other lengths are in another metre, or break in mid-bar
    lengths = [a.row for a, b in pairwise(rows) if b.row == 0]
    odd = any((length + 1) % _ROWS_PER_BAR for length in lengths)
    if odd or _ROWS_PER_BAR % per_beat:
        return beats_s, ()
    bar = max(_ROWS_PER_BAR, 4 * per_beat)
    return beats_s, tuple(round(r.start_s, 6) for r in rows if r.row % bar == 0)


def mix_error_db(stems: dict[str, np.ndarray], mix: np.ndarray) -> float:
    """Return how far the sum of stems is from a mix, in dB of the mix; -120 or more."""
    error = np.sum(list(stems.values()), axis=0) - mix
    ratio = np.mean(error**2) / (np.mean(mix**2) + 1e-20)
    return float(10 * np.log10(max(ratio, 1e-12)))
