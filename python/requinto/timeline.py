# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds at each frame of a stream: settings, the host's position, seams, beats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from requinto.beats import Beats, check_tempo
from requinto.clips import ClipFrames, end_at_break, next_end
from requinto.errors import BeatsError
from requinto.host_position import Position, host_beats
from requinto.separator import Extraction

BeatSource = Literal["host", "detect", "fixed"]
BEAT_SOURCES: tuple[BeatSource, ...] = get_args(BeatSource)
_BEATS_OF_TEMPO = 5  # whose median interval is the tempo: a bar of four


@dataclass(frozen=True)
class BeatSettings:
    """Where the beats of a stream come from.

    Parameters
    ----------
    source : "host", "detect" or "fixed"
        The host's positions, or, where there are none, the sound; always the sound; a
        grid of `tempo_bpm`.
    tempo_bpm : float
        For "fixed": beats per minute of a grid with a downbeat at frame 0, and at each
        seam.

    Raises
    ------
    BeatsError
        If the source is another, or the tempo is out of range.
    """

    source: BeatSource = "detect"
    tempo_bpm: float = 120.0

    def __post_init__(self) -> None:
        if self.source not in BEAT_SOURCES:
            raise BeatsError(
                f"beat_source must be host, detect or fixed, got {self.source}"
            )
        check_tempo(self.tempo_bpm)


class Settings(NamedTuple):
    """What holds from a frame on."""

    frame: int
    extraction: Extraction
    beats: BeatSettings


class Grid(NamedTuple):
    """Frames of a stream's beats and downbeats, ascending."""

    beats: np.ndarray
    downbeats: np.ndarray

    @classmethod
    def of(cls, beats: Beats, origin: int, sample_rate: float) -> Grid:
        """Return the frames of beats whose times count from frame `origin`."""
        rows = (beats.times_s, beats.downbeats_s)
        return cls(*(origin + np.round(row * sample_rate).astype(int) for row in rows))

    def between(self, first: int, last: int) -> Grid:
        """Return the beats from frame `first` to frame `last`."""
        return Grid(*(row[(row >= first) & (row <= last)] for row in self))

    def tempo_bpm(self, frame: int, sample_rate: float) -> float:
        """Return the beats per minute from the last beat up to a frame on.

        0 where there are no two beats.
        """
        first = max(0, int(np.searchsorted(self.beats, frame, side="right")) - 1)
        intervals = np.diff(self.beats[first : first + _BEATS_OF_TEMPO])
        return 60 * sample_rate / float(np.median(intervals)) if len(intervals) else 0.0


class Timeline:
    """Events of a stream, in the order of their frames.

    An answer for a clip depends on events up to the last frame that is known when the
    clip is cut, so that it does not depend on how the host cuts its blocks.

    Parameters
    ----------
    sample_rate : float
        Hz.
    """

    def __init__(self, sample_rate: float) -> None:
        self._sample_rate = sample_rate
        self._settings: list[Settings] = []
        self._positions: list[tuple[int, Position | None]] = [(0, None)]
        self._seams = [0]
        self._changes: list[int] = []  # frames from which something else is extracted

    @property
    def seams(self) -> tuple[int, ...]:
        """Frames at which the sound does not continue what came before."""
        return tuple(self._seams)

    def configure(self, settings: Settings) -> None:
        """Add settings that hold from their frame on."""
        if self._settings:
            last = self._settings[-1].extraction
            if not settings.extraction.continues(last):
                self._changes.append(settings.frame)
        self._settings.append(settings)

    def locate(
        self, frame: int, position: Position | None, *, is_seam: bool = False
    ) -> None:
        """Add where the host is from a frame on; None is nowhere."""
        self._positions.append((frame, position))
        if is_seam and frame > self._seams[-1]:
            self._seams.append(frame)

    def settings_at(self, frame: int) -> Settings | None:
        """Return the settings that hold at a frame, if there are any yet."""
        past = [settings for settings in self._settings if settings.frame <= frame]
        return past[-1] if past else None

    def seam_before(self, frame: int) -> int:
        """Return the last seam up to a frame."""
        return max(seam for seam in self._seams if seam <= frame)

    def end_of_take(self, frame: int, known: int) -> int:
        """Return the first seam after a frame, or `known` if that comes sooner."""
        return min([known, *(seam for seam in self._seams if seam > frame)])

    def beats_between(
        self, first: int, last: int, *, start: int, known: int
    ) -> Grid | None:
        """Return the beats for the clip that begins at `start`.

        Parameters
        ----------
        first, last : int
            Frames between which beats are wanted.
        start : int
            Frame whose settings hold.
        known : int
            Frame up to which events count.

        Returns
        -------
        Grid or None
            None where the beats are to be detected in the sound.
        """
        settings = self.settings_at(start)
        source = settings.beats.source if settings else "host"
        positions = [row for row in self._positions if row[0] <= known]
        here = [position for frame, position in positions if frame <= start]
        if source == "host" and here[-1] is not None:
            return Grid(*host_beats(positions, first, last, self._sample_rate))
        if source != "fixed" or settings is None:
            return None
        # Counted from the seam, so that they do not depend on how long ago that was
        origin = self.seam_before(start)
        duration_s = (last - origin) / self._sample_rate
        beats = Beats.grid(settings.beats.tempo_bpm, duration_s)
        return Grid.of(beats, origin, self._sample_rate).between(first, last)

    def clip_end(self, start: int, known: int, grid: Grid, sizes: ClipFrames) -> int:
        """Return where the clip that begins at `start` ends: across no break."""
        breaks = sorted({*self._seams, *self._changes})
        end = next_end(start, *grid, sizes)
        return end_at_break(start, end, [b for b in breaks if b <= known], sizes)

    def forget(self, start: int, first: int) -> None:
        """Drop what no clip from `start` on needs, nor beats from `first` on."""
        self._settings = _since(self._settings, start, lambda row: row.frame)
        self._positions = _since(self._positions, min(start, first), lambda row: row[0])
        self._seams = _since(self._seams, start, int)
        self._changes = [frame for frame in self._changes if frame > start]


def _since(rows: list[Any], frame: int, key: Callable[[Any], int]) -> list[Any]:
    """Return the last row up to a frame and those after it."""
    n_past = sum(key(row) <= frame for row in rows)
    return rows[max(0, n_past - 1) :]
