# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from a mixture to one instrument, fed in blocks of any size."""

from __future__ import annotations

from typing import Literal

import numpy as np

from requinto.beats import Beats, check_tempo
from requinto.clips import Clip, ClipFrames, Joiner, cut, next_end
from requinto.errors import BeatsError, ConfigError, ModelError
from requinto.follower import Follower
from requinto.separator import Query, Separator
from requinto.tracker import load_tracker

BeatSource = Literal["detect", "fixed"]

MEMORY_S = 12.0  # seconds of the past in which beats are detected


class Stream:
    """Blocks in, blocks of the extracted instrument out, at a constant delay.

    What comes out does not depend on how the input is cut into blocks: a clip
    is decided on the same frames whenever they arrive.

    Parameters
    ----------
    separator : Separator
    sample_rate : float
        Hz.
    n_channels : int
        1 or 2.
    latency_frames : int, optional
        Delay of the output; by default the least that the separator allows.

    Raises
    ------
    ConfigError
        If the latency is less than the separator's clips need.
    """

    def __init__(
        self,
        separator: Separator,
        *,
        sample_rate: float,
        n_channels: int,
        latency_frames: int | None = None,
    ) -> None:
        self._separator = separator
        self._sample_rate = sample_rate
        self._sizes = ClipFrames.at(separator.clips, sample_rate)
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
        self._heard = np.zeros((n_channels, 0), np.float32)  # input still needed
        self._origin = 0  # frame of the song at which `_heard` begins
        self._next_start = 0  # frame at which the next clip begins
        self._query: Query | None = None
        self._beat_source: BeatSource = "detect"
        self._tempo_bpm = 120.0
        self._follower: Follower | None = None  # until beats are to be detected

    def configure(
        self,
        target: str | Query,
        beat_source: BeatSource = "detect",
        tempo_bpm: float = 120.0,
        *,
        separator: Separator | None = None,
    ) -> None:
        """Choose what is extracted, where its beats fall, and by which model.

        It holds from the next clip on.  What raises changes nothing.

        Parameters
        ----------
        target : str or Query
            A built-in target, or the query for a reference.
        beat_source : "detect" or "fixed"
        tempo_bpm : float
            For "fixed": beats per minute of a grid with a downbeat at frame 0.
        separator : Separator, optional
            Another than before, which cuts clips alike; a query must be its own.

        Raises
        ------
        BeatsError
            If the source of the beats or the tempo is not one we know.
        ModelError
            If the separator's clips are not those that the stream was made for.
        """
        if beat_source not in ("detect", "fixed"):
            raise BeatsError(f"beat_source must be detect or fixed, got {beat_source}")
        check_tempo(tempo_bpm)
        if separator is None:
            separator = self._separator
        if separator.clips != self._separator.clips:
            raise ModelError(
                f"a stream of {self._separator.clips} cannot go on with "
                f"{separator.clips}"
            )
        if isinstance(target, str):
            target = separator.target(target)
        self._query, self._separator = target, separator
        self._beat_source, self._tempo_bpm = beat_source, tempo_bpm

    def exchange(self, block: np.ndarray) -> np.ndarray:
        """Take a block and return one of the same shape, `latency_frames` late.

        Parameters
        ----------
        block : np.ndarray, shape=(n_channels, n_frames), float32
            Copied; any number of frames.
        """
        if self._query is None:
            raise ConfigError("configure the stream before its first block")
        self._heard = np.concatenate([self._heard, block], axis=1)
        while self._n_received >= self._next_start + self._sizes.lookahead:
            self._finished.append(self._separate_next())
        return self._take(block.shape[1])

    @property
    def _n_received(self) -> int:
        return self._origin + self._heard.shape[1]

    def _separate_next(self) -> np.ndarray:
        """Cut the next clip and return the frames that it finishes."""
        assert self._query is not None
        clip = Clip(self._next_start, self._clip_end())
        piece = cut(self._heard, clip, self._sizes, self._origin)
        separated = self._separator.separate(piece, self._sample_rate, self._query)
        self._next_start = clip.end
        self._forget()
        return self._joiner.join(separated, clip)

    def _clip_end(self) -> int:
        start, rate = self._next_start, self._sample_rate
        known = start + self._sizes.lookahead
        if self._beat_source == "fixed":
            beats = Beats.grid(self._tempo_bpm, (known + 1) / rate)
        else:
            beats = self._detected(known)
        end = next_end(
            start,
            np.round(beats.times_s * rate).astype(int),
            np.round(beats.downbeats_s * rate).astype(int),
            self._sizes,
        )
        if self._follower and self._beat_source == "detect":
            self._follower.decide(beats, end / rate)
        return end

    def _detected(self, known: int) -> Beats:
        """Return the beats by what lies before `known`, whatever else has come."""
        if self._follower is None:
            self._follower = Follower(load_tracker())
        memory = self._heard[:, : known - self._origin]
        origin_s = self._origin / self._sample_rate
        return self._follower.follow(memory, self._sample_rate, origin_s)

    def _forget(self) -> None:
        """Drop input that neither a clip's context nor the beats need."""
        memory = max(self._sizes.left_context, round(MEMORY_S * self._sample_rate))
        n_old = max(0, self._next_start - memory - self._origin)
        self._heard = self._heard[:, n_old:].copy()
        self._origin += n_old

    def _take(self, n_frames: int) -> np.ndarray:
        ready = np.concatenate(self._finished, axis=1)
        self._finished = [ready[:, n_frames:]]
        return ready[:, :n_frames].copy()
