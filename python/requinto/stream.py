# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from a mixture to one instrument, fed in blocks of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

from requinto.bar_capture import Learner
from requinto.beats import Beats, check_tempo
from requinto.clips import Clip, ClipFrames, Joiner, cut, end_at_break, lead, next_end
from requinto.config import ClipConfig
from requinto.errors import BeatsError, ConfigError, ModelError
from requinto.follower import Follower
from requinto.host_position import Position, host_beats
from requinto.loader import load_tracker
from requinto.separator import Query, Separator

BeatSource = Literal["host", "detect", "fixed"]
_BEAT_SOURCES = ("host", "detect", "fixed")

MEMORY_S = 12.0  # seconds of the past in which beats are detected
_FORESIGHT_S = 2.0  # seconds past what is known for which grids are laid out


class _Settings(NamedTuple):
    """What holds from a frame on."""

    frame: int
    separator: Separator
    wanted: str | Query  # as it was asked for
    query: Query
    beat_source: BeatSource
    tempo_bpm: float


class Stream:
    """Blocks in, blocks of the extracted instrument out, at a constant delay.

    What comes out does not depend on how the input is cut into blocks: a clip
    is decided on the same frames whenever they arrive.

    Parameters
    ----------
    clips : ClipConfig
        How the sound is cut.
    sample_rate : float
        Hz.
    n_channels : int
        1 or 2.
    n_sidechain : int
        Channels that come after these in each block, to learn references from.
    latency_frames : int, optional
        Delay of the output; by default the least that the clips allow.
    runtime : str, optional
        Of the beat tracker, as in `load_tracker`.

    Raises
    ------
    ConfigError
        If the latency is less than the clips need.
    """

    def __init__(
        self,
        clips: ClipConfig,
        *,
        sample_rate: float,
        n_channels: int,
        n_sidechain: int = 0,
        latency_frames: int | None = None,
        runtime: str | None = None,
    ) -> None:
        self._clips = clips
        self._runtime = runtime
        self._sample_rate = sample_rate
        self._n_channels = n_channels
        self._sizes = ClipFrames.at(clips, sample_rate)
        self.latency_frames = (
            self._sizes.latency if latency_frames is None else latency_frames
        )
        if self.latency_frames < self._sizes.latency:
            raise ConfigError(
                f"latency_frames must be {self._sizes.latency} or more at "
                f"{sample_rate:g} Hz, got {latency_frames}"
            )
        self._joiner = Joiner(self._sizes, n_channels)
        silence = np.zeros((n_channels, self.latency_frames), np.float32)
        self._finished = [silence]  # separated sound not yet asked for
        self._heard = np.zeros((n_channels + n_sidechain, 0), np.float32)
        self._fresh: list[np.ndarray] = []  # blocks that are not in `_heard` yet
        self._n_received = 0
        self._origin = 0  # frame of the song at which `_heard` begins
        self._next_start = 0  # frame at which the next clip begins
        self._settings: list[_Settings] = []
        self._positions: list[tuple[int, Position | None]] = [(0, None)]
        self._seams = [0]  # frames at which the sound does not go on
        self._changes: list[int] = []  # frames at which something else is wanted
        self._follower: Follower | None = None  # until beats are to be detected
        self._followed_from = 0  # seam since which it follows
        self._tracked: Beats | None = None  # from there, for the clip being cut
        self._learner = Learner(n_channels, sample_rate)

    def configure(
        self,
        target: str | Query,
        beat_source: BeatSource = "detect",
        tempo_bpm: float = 120.0,
        *,
        separator: Separator,
        sensitivity: float = 0.5,
    ) -> None:
        """Choose what is extracted, where its beats fall, and by which model.

        Another target or model holds from the next frame on; the rest from the
        first clip that begins after it.  What raises changes nothing.

        Parameters
        ----------
        target : str or Query
            A built-in target, or the query for a reference.
        beat_source : "host", "detect" or "fixed"
            Where beats come from: the positions that `locate` is told, or, where
            there are none, the sound; always the sound; a grid of `tempo_bpm`.
        tempo_bpm : float
            For "fixed": beats per minute of a grid with a downbeat at frame 0, and
            at each seam.
        separator : Separator
            Which cuts clips as the one before; a query must be its own.
        sensitivity : float
            From 0 to 1, as in `extract`.

        Raises
        ------
        BeatsError
            If the source of the beats or the tempo is not one we know.
        ModelError
            If the separator's clips are not those that the stream was made for.
        """
        if beat_source not in _BEAT_SOURCES:
            raise BeatsError(
                f"beat_source must be host, detect or fixed, got {beat_source}"
            )
        check_tempo(tempo_bpm)
        if separator.clips.of_beats(self._clips.beats_per_clip) != self._clips:
            raise ModelError(
                f"a stream of {self._clips} cannot go on with {separator.clips}"
            )
        query = separator.target(target) if isinstance(target, str) else target
        if sensitivity != 0.5:
            query = query._replace(sensitivity=sensitivity)
        settings = _Settings(
            self._n_received, separator, target, query, beat_source, tempo_bpm
        )
        if self._settings and not _same(self._settings[-1], settings):
            self._changes.append(settings.frame)
        self._settings.append(settings)

    def locate(self, position: Position | None, *, is_seam: bool = False) -> None:
        """Say where the host is at the next frame.

        Parameters
        ----------
        position : Position or None
            None if it is nowhere.
        is_seam : bool
            Whether the sound does not go on from what came before: no clip runs
            across, and what is joined there has a short fade.
        """
        self._positions.append((self._n_received, position))
        if is_seam and self._n_received > self._seams[-1]:
            self._seams.append(self._n_received)

    def learn(self, learn: bool) -> None:
        """Take the next bar for a reference, or give up waiting for one.

        It is the sidechain's if that sounds, else the input's; bars of silence are
        passed over.
        """
        self._learner.ask(learn, self._n_received)

    def take_learned(self) -> np.ndarray | None:
        """Return the bar that was learnt, `(n_channels, n_frames)`, once."""
        return self._learner.take()

    def exchange(self, block: np.ndarray) -> np.ndarray:
        """Take a block and return the extracted sound, `latency_frames` late.

        Before the stream is configured this is silence.

        Parameters
        ----------
        block : np.ndarray, shape=(n_channels + n_sidechain, n_frames), float32
            Copied; any number of frames.

        Returns
        -------
        np.ndarray, shape=(n_channels, n_frames), float32
        """
        self._fresh.append(block.copy())
        self._n_received += block.shape[1]
        while self._n_received >= self._next_start + self._sizes.lookahead:
            self._heard = np.concatenate([self._heard, *self._fresh], axis=1)
            self._fresh = []
            self._finished.append(self._separate_next())
        return self._take(block.shape[1])

    def _separate_next(self) -> np.ndarray:
        """Cut the next clip and return the frames that it finishes."""
        start = self._next_start
        settings = self._settings_at(start)
        clip = Clip(start, self._clip_end(start, settings))
        mixture = self._heard[: self._n_channels]
        n_lead = lead(clip, self._sizes) if self._begins_a_sound(start) else 0
        led_in = Clip(start - n_lead, clip.end)
        piece = cut(mixture, led_in, self._sizes, self._origin)
        if settings is None:
            separated = np.zeros_like(piece[:, n_lead:])
        else:
            separated = settings.separator.separate(
                piece, self._sample_rate, settings.query
            )[:, n_lead:]
        self._next_start = clip.end
        self._forget()
        is_seam = clip.end in self._seams
        return self._joiner.join(
            separated, clip, self._sizes.half_seam if is_seam else None
        )

    def _begins_a_sound(self, start: int) -> bool:
        """Return whether nothing but silence comes before a clip, in its context."""
        first = start - self._sizes.left_context - self._sizes.step - self._origin
        before = self._heard[: self._n_channels, max(first, 0) : start - self._origin]
        return start in self._seams and not before.any()

    def _settings_at(self, frame: int) -> _Settings | None:
        past = [settings for settings in self._settings if settings.frame <= frame]
        return past[-1] if past else None

    def _clip_end(self, start: int, settings: _Settings | None) -> int:
        known = start + self._sizes.lookahead
        beats, downbeats = self._grid(start, known, settings)
        breaks = sorted({*self._seams, *self._changes})
        seen = [place for place in breaks if place <= known]
        self._learner.listen(self._heard, self._origin, downbeats, known, self._seams)
        end = next_end(start, beats, downbeats, self._sizes)
        end = end_at_break(start, end, seen, self._sizes)
        if self._follower and self._tracked is not None:
            until = end - self._followed_from
            self._follower.decide(self._tracked, until / self._sample_rate)
        return end

    def _grid(
        self, start: int, known: int, settings: _Settings | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return frames of beats and downbeats, from before `start` until well after.

        They depend on what has come before `known`, whatever else has.
        """
        rate = self._sample_rate
        since = self._learner.since
        first = start if since is None else min(start, since)
        last = known + round(_FORESIGHT_S * rate)
        self._tracked = None
        source = settings.beat_source if settings else "host"
        base = max(seam for seam in self._seams if seam <= start)
        positions = [row for row in self._positions if row[0] <= known]
        located = [place for frame, place in positions if frame <= start][-1]
        if source == "host" and located is not None:
            return host_beats(positions, first, last, rate)
        # Counted from the seam, so that they do not depend on how long ago that was
        if source == "fixed" and settings:
            beats = Beats.grid(settings.tempo_bpm, (last - base) / rate)
        else:
            beats = self._detected(base, start, known)
        return (
            base + np.round(beats.times_s * rate).astype(int),
            base + np.round(beats.downbeats_s * rate).astype(int),
        )

    def _detected(self, base: int, start: int, known: int) -> Beats:
        """Return the beats after the seam `base` by what lies until the next one."""
        if self._follower is None or self._followed_from != base:
            self._follower, self._followed_from = (
                Follower(load_tracker(self._runtime)),
                base,
            )
        first = max(self._origin, base, start - round(MEMORY_S * self._sample_rate))
        last = min([known, *(seam for seam in self._seams if seam > start)])
        memory = self._heard[
            : self._n_channels, first - self._origin : last - self._origin
        ]
        rate = self._sample_rate
        beats = self._follower.follow(memory, rate, (first - base) / rate)
        self._tracked = beats.extend((known - base) / rate + _FORESIGHT_S)
        return self._tracked

    def _forget(self) -> None:
        """Drop what neither a clip's context nor the beats need."""
        memory = max(self._sizes.left_context, round(MEMORY_S * self._sample_rate))
        needed = self._next_start - memory
        if self._learner.since is not None:
            needed = min(needed, self._learner.since)
        n_old = max(0, needed - self._origin)
        self._heard = self._heard[:, n_old:].copy()
        self._origin += n_old

        start = self._next_start
        self._settings = _from(self._settings, start, lambda row: row.frame)
        self._positions = _from(self._positions, min(start, needed), lambda row: row[0])
        self._seams = _from(self._seams, start, int)
        self._changes = [place for place in self._changes if place > start]

    def _take(self, n_frames: int) -> np.ndarray:
        ready = np.concatenate(self._finished, axis=1)
        self._finished = [ready[:, n_frames:]]
        return ready[:, :n_frames].copy()


def _same(one: _Settings, other: _Settings) -> bool:
    """Return whether the same is wanted, of the same model."""
    wanted = one.wanted is other.wanted or (
        isinstance(one.wanted, str) and one.wanted == other.wanted
    )
    return wanted and one.separator is other.separator


def _from(rows: list[Any], frame: int, key: Callable[[Any], int]) -> list[Any]:
    """Return the last row up to a frame and those after it."""
    n_past = sum(key(row) <= frame for row in rows)
    return rows[max(0, n_past - 1) :]
