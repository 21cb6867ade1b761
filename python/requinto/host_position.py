# SPDX-License-Identifier: GPL-3.0-or-later
"""Beats and bars of a stream, from the positions that its host reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Position(NamedTuple):
    """Where the host is in its song at a frame of a stream.

    Quarters are quarter notes from the song's start; `bar_quarter` is where some
    bar begins; a bar has `beats_per_bar` notes of which `beat_unit` make a whole.
    """

    quarter: float
    tempo_bpm: float
    bar_quarter: float = 0.0
    beats_per_bar: int = 4
    beat_unit: int = 4

    @property
    def _beat(self) -> tuple[float, int]:
        """Quarters of a beat, and how many make a bar.

        In compound metres, of 6, 9 or 12 eighths, three of these are a beat.
        """
        is_compound = self.beat_unit >= 8 and self.beats_per_bar % 3 == 0
        n_notes = 3 if is_compound and self.beats_per_bar > 3 else 1
        return 4.0 * n_notes / self.beat_unit, self.beats_per_bar // n_notes

    def beats(
        self, n_frames: float, sample_rate: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return frames of beats, and which begin a bar, from here on.

        Parameters
        ----------
        n_frames : float
            How far.
        sample_rate : float
            Hz.

        Returns
        -------
        frames : np.ndarray, shape=(n_beats,)
            From 0 to `n_frames`, ascending, not rounded.
        is_downbeat : np.ndarray of bool, shape=(n_beats,)
        """
        length, per_bar = self._beat
        per_quarter = 60.0 * sample_rate / self.tempo_bpm
        since_bar = (self.quarter - self.bar_quarter) / length
        first = int(np.ceil(since_bar - 1e-6))
        last = int(np.floor(since_bar + n_frames / (per_quarter * length)))
        index = np.arange(first, last + 1)
        frames = np.maximum((index - since_bar) * length * per_quarter, 0.0)
        return frames, index % per_bar == 0


def host_beats(
    positions: Sequence[tuple[int, Position | None]],
    first: int,
    last: int,
    sample_rate: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the frames of a stream's beats and downbeats between two frames.

    Parameters
    ----------
    positions : sequence of (int, Position or None)
        From which frame each holds, ascending; None where the host is nowhere.
    first, last : int
        Frames of the stream.
    sample_rate : float
        Hz.

    Returns
    -------
    beats, downbeats : np.ndarray of int
        Ascending.
    """
    ends = [frame for frame, _ in positions[1:]] + [last]
    beats, downbeats = [np.zeros(0, int)], [np.zeros(0, int)]
    for (start, position), end in zip(positions, ends, strict=True):
        if position is None or end <= first or start > last:
            continue
        frames, is_downbeat = position.beats(min(end, last) - start, sample_rate)
        rounded = start + np.round(frames).astype(int)
        is_before_end = rounded < end if end < last else rounded <= last
        inside = (rounded >= first) & is_before_end
        beats.append(rounded[inside])
        downbeats.append(rounded[inside & is_downbeat])
    return np.concatenate(beats), np.concatenate(downbeats)
