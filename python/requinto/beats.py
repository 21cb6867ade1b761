# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the beats of a song fall: a grid of one's own, or as they were tracked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from requinto.checks import check_number, check_row, check_whole
from requinto.errors import BeatsError

MIN_TEMPO_BPM, MAX_TEMPO_BPM = 20.0, 400.0
MAX_SECONDS = 1e9  # from the song's start, either way
MAX_BEATS = 10_000_000  # of a grid, or added to beats; 80 MB of times
MAX_BEATS_PER_BAR = 1000
_RECENT_BEATS = 9  # whose median interval is the last tempo


@dataclass(frozen=True, eq=False)
class Beats:
    """Where the beats of a song fall.

    Parameters
    ----------
    times_s : np.ndarray, shape=(n_beats,)
        Seconds from the song's start, ascending; at most 1e9 before or after it.
    downbeats_s : np.ndarray, shape=(n_bars,)
        Seconds of the beats that begin a bar.
    tempo_bpm : float
        Beats per minute, over the whole song.
    beats_per_bar : int
        Beats from one downbeat to the next, of most bars; from 1 to 1000.
    confidence : float
        From 0, where beats are guessed, to 1, where they are known.

    Raises
    ------
    BeatsError
        If times do not ascend or are not finite, or a number is out of range or none.
    """

    times_s: np.ndarray
    downbeats_s: np.ndarray
    tempo_bpm: float
    beats_per_bar: int = 4
    confidence: float = 1.0

    def __post_init__(self) -> None:
        values = {
            "tempo_bpm": check_tempo(self.tempo_bpm),
            "beats_per_bar": _check_beats_per_bar(self.beats_per_bar),
            "confidence": check_number(self.confidence, 0, 1, "confidence", BeatsError),
            "times_s": _check_times(self.times_s, "times_s"),
            "downbeats_s": _check_times(self.downbeats_s, "downbeats_s"),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        """Return whether all values are the same."""
        if not isinstance(other, Beats):
            return NotImplemented
        rows = (self.times_s, other.times_s), (self.downbeats_s, other.downbeats_s)
        return self._numbers() == other._numbers() and all(
            np.array_equal(*pair) for pair in rows
        )

    def __hash__(self) -> int:
        """Return a hash of what cannot be changed in place."""
        return hash(self._numbers())

    def _numbers(self) -> tuple[float, ...]:
        lengths = len(self.times_s), len(self.downbeats_s)
        return *lengths, self.tempo_bpm, self.beats_per_bar, self.confidence

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
            If the tempo is outside 20 to 400 bpm, the duration is not above 0, a number
            is none, or there would be more than ten million beats.
        """
        tempo_bpm = check_tempo(tempo_bpm)
        duration_s = _check_seconds(duration_s, "duration_s")
        if duration_s <= 0:
            raise BeatsError(f"duration_s must be above 0, got {duration_s}")
        first_downbeat_s = _check_seconds(first_downbeat_s, "first_downbeat_s")
        beats_per_bar = _check_beats_per_bar(beats_per_bar)
        _check_count(duration_s * tempo_bpm / 60.0, duration_s)
        interval_s = 60.0 / tempo_bpm
        first = int(np.ceil(-first_downbeat_s / interval_s - 1e-9))
        last = int(np.floor((duration_s - first_downbeat_s) / interval_s))
        index = np.arange(first, last + 1)
        times = np.maximum(first_downbeat_s + index * interval_s, 0.0)
        downbeats = times[index % beats_per_bar == 0]
        return cls(times, downbeats, tempo_bpm, beats_per_bar, confidence)

    def shift(self, by_s: float) -> Beats:
        """Return these beats later by so many seconds, or raise `BeatsError`."""
        by_s = _check_seconds(by_s, "by_s")
        return dataclasses.replace(
            self, times_s=self.times_s + by_s, downbeats_s=self.downbeats_s + by_s
        )

    def extend(self, until_s: float) -> Beats:
        """Return these beats carried on at their last tempo past `until_s`.

        Raises
        ------
        BeatsError
            If that takes more than ten million beats, or `until_s` is no number.
        """
        until_s = _check_seconds(until_s, "until_s")
        if len(self.times_s) and self.times_s[-1] > until_s:
            return self
        recent = np.diff(self.times_s[-_RECENT_BEATS:])
        interval = float(np.median(recent)) if len(recent) else 60.0 / self.tempo_bpm
        last = float(self.times_s[-1]) if len(self.times_s) else 0.0
        _check_count((until_s - last) / interval, until_s)
        n_more = int(np.ceil((until_s - last) / interval)) + 1
        more_times = last + interval * np.arange(1, n_more + 1)
        # Far apart, one beat can lead beyond all times
        more_times = more_times[more_times <= MAX_SECONDS]
        times = np.append(self.times_s, more_times)
        downbeats = self.downbeats_s
        if len(downbeats):
            position = int(np.searchsorted(times, downbeats[-1] - 1e-9))
            more = times[position + self.beats_per_bar :: self.beats_per_bar]
            downbeats = np.append(downbeats, more)
        return dataclasses.replace(self, times_s=times, downbeats_s=downbeats)


def check_tempo(tempo_bpm: float) -> float:
    """Return a tempo that we can work with, or raise `BeatsError`."""
    return check_number(
        tempo_bpm, MIN_TEMPO_BPM, MAX_TEMPO_BPM, "tempo_bpm", BeatsError
    )


def _check_beats_per_bar(beats_per_bar: int) -> int:
    return check_whole(beats_per_bar, 1, MAX_BEATS_PER_BAR, "beats_per_bar", BeatsError)


def _check_seconds(seconds: float, name: str) -> float:
    return check_number(seconds, -MAX_SECONDS, MAX_SECONDS, name, BeatsError)


def _check_times(times_s: np.ndarray, name: str) -> np.ndarray:
    times_s = check_row(times_s, MAX_SECONDS, f"{name}, in seconds,", BeatsError)
    if np.any(np.diff(times_s) <= 0):
        raise BeatsError(f"{name} must ascend")
    return times_s


def _check_count(n_beats: float, until_s: float) -> None:
    if n_beats > MAX_BEATS:
        raise BeatsError(
            f"beats up to {until_s:g} s would be {n_beats:.3g}; at most "
            f"{MAX_BEATS} are accepted: shorten the song, or space them wider"
        )
