# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the beats of a song fall: a grid of one's own, or as they were tracked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from requinto.errors import BeatsError

MIN_TEMPO_BPM, MAX_TEMPO_BPM = 20.0, 400.0
_RECENT_BEATS = 9  # whose median interval is the last tempo


@dataclass(frozen=True)
class Beats:
    """Where the beats of a song fall.

    Parameters
    ----------
    times_s : np.ndarray, shape=(n_beats,)
        Seconds from the song's start, ascending.
    downbeats_s : np.ndarray, shape=(n_bars,)
        Seconds of the beats that begin a bar.
    tempo_bpm : float
        Beats per minute, over the whole song.
    beats_per_bar : int
        Beats from one downbeat to the next, of most bars.
    confidence : float
        From 0, where beats are guessed, to 1, where they are known.

    Raises
    ------
    BeatsError
        If times do not ascend or are not finite, or a number is out of range.
    """

    times_s: np.ndarray
    downbeats_s: np.ndarray
    tempo_bpm: float
    beats_per_bar: int = 4
    confidence: float = 1.0

    def __post_init__(self) -> None:
        check_tempo(self.tempo_bpm)
        if self.beats_per_bar < 1:
            raise BeatsError(
                f"beats_per_bar must be 1 or more, got {self.beats_per_bar}"
            )
        if not 0 <= self.confidence <= 1:
            raise BeatsError(f"confidence must be in [0, 1], got {self.confidence}")
        for name in ("times_s", "downbeats_s"):
            times = np.asarray(getattr(self, name), dtype=np.float64)
            if times.ndim != 1 or not np.isfinite(times).all():
                raise BeatsError(f"{name} must be a row of finite seconds")
            if np.any(np.diff(times) <= 0):
                raise BeatsError(f"{name} must ascend")
            object.__setattr__(self, name, times)

    @classmethod
    def grid(
        cls,
        tempo_bpm: float,
        duration_s: float,
        first_downbeat_s: float = 0.0,
        beats_per_bar: int = 4,
        confidence: float = 1.0,
    ) -> Beats:
        """Return evenly spaced beats over `duration_s` seconds.

        Beats before the first downbeat, a pickup, are there too.

        Raises
        ------
        BeatsError
            If the tempo is outside 20 to 400 bpm, or the duration is not above 0.
        """
        check_tempo(tempo_bpm)
        if not (np.isfinite(duration_s) and duration_s > 0):
            raise BeatsError(f"duration_s must be above 0, got {duration_s}")
        if not np.isfinite(first_downbeat_s):
            raise BeatsError(f"first_downbeat_s must be finite, got {first_downbeat_s}")
        if beats_per_bar < 1:
            raise BeatsError(f"beats_per_bar must be 1 or more, got {beats_per_bar}")
        interval_s = 60.0 / tempo_bpm
        first = int(np.ceil(-first_downbeat_s / interval_s - 1e-9))
        last = int(np.floor((duration_s - first_downbeat_s) / interval_s))
        index = np.arange(first, last + 1)
        times = np.maximum(first_downbeat_s + index * interval_s, 0.0)
        downbeats = times[index % beats_per_bar == 0]
        return cls(times, downbeats, tempo_bpm, beats_per_bar, confidence)

    def moved(self, by_s: float) -> Beats:
        """Return these beats later by so many seconds."""
        return dataclasses.replace(
            self, times_s=self.times_s + by_s, downbeats_s=self.downbeats_s + by_s
        )

    def continued(self, until_s: float) -> Beats:
        """Return these beats carried on at their last tempo past `until_s`."""
        if len(self.times_s) and self.times_s[-1] > until_s:
            return self
        recent = np.diff(self.times_s[-_RECENT_BEATS:])
        interval = float(np.median(recent)) if len(recent) else 60.0 / self.tempo_bpm
        last = self.times_s[-1] if len(self.times_s) else 0.0
        n_more = int(np.ceil((until_s - last) / interval)) + 1
        times = np.append(self.times_s, last + interval * np.arange(1, n_more + 1))
        downbeats = self.downbeats_s
        if len(downbeats):
            position = int(np.searchsorted(times, downbeats[-1] - 1e-9))
            more = times[position + self.beats_per_bar :: self.beats_per_bar]
            downbeats = np.append(downbeats, more)
        return dataclasses.replace(self, times_s=times, downbeats_s=downbeats)


def check_tempo(tempo_bpm: float) -> None:
    """Raise `BeatsError` unless the tempo is one we can work with."""
    if not MIN_TEMPO_BPM <= tempo_bpm <= MAX_TEMPO_BPM:
        raise BeatsError(
            f"tempo_bpm must be from {MIN_TEMPO_BPM:g} to {MAX_TEMPO_BPM:g}, "
            f"got {tempo_bpm}"
        )
