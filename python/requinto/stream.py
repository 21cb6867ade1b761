# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from a mixture to one instrument, fed in blocks of any size."""

from __future__ import annotations

import numpy as np

from requinto.bar_capture import BarCapture
from requinto.beats import Beats
from requinto.clips import Clip, ClipFrames, Joiner, cut, lead
from requinto.columns import (
    COLUMN,
    MARK_BAR,
    MARK_BEAT,
    MARK_CLIP,
    MARK_SEAM,
    ColumnMaker,
)
from requinto.config import ClipConfig
from requinto.errors import ConfigError, ModelError
from requinto.follower import Follower
from requinto.host_position import Position
from requinto.loader import load_tracker
from requinto.register_shift import RegisterWatch
from requinto.separator import Extraction
from requinto.timeline import BeatSettings, Grid, Settings, Timeline

MEMORY_S = 12.0  # seconds of the past in which beats are detected
_FORESIGHT_S = 2.0  # seconds past what is known for which grids are laid out
NO_BEATS = Grid(np.zeros(0, int), np.zeros(0, int))


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
        Channels that come after these in each block, to capture references from.
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
        self._finished = [silence]  # output that no block has taken yet
        self._samples = np.zeros((n_channels + n_sidechain, 0), np.float32)
        self._blocks: list[np.ndarray] = []  # input that `_samples` does not hold yet
        self._n_received = 0
        self._origin = 0  # frame of the stream at which `_samples` begins
        self._next_start = 0  # frame at which the next clip begins
        self._timeline = Timeline(sample_rate)
        self._follower: Follower | None = None  # until beats are to be detected
        self._followed_from = 0  # seam since which it follows
        self._tracked: Beats | None = None  # from there, for the clip being cut
        self._grid_of_clip = NO_BEATS
        self._capture = BarCapture(n_channels, sample_rate)
        self._n_finished = 0  # frames that have been extracted
        self._maker: ColumnMaker | None = None  # while a window is open
        self._register = RegisterWatch(sample_rate, n_channels)  # since then
        self._columns = np.zeros(0, COLUMN)  # made and not taken yet

    def configure(self, extraction: Extraction, beats: BeatSettings) -> None:
        """Choose what is extracted, and where its beats fall.

        Another target or model holds from the next frame on; the rest from the
        first clip that begins after it.  What raises changes nothing.

        Raises
        ------
        ModelError
            If the separator's clips are not those that the stream was made for.
        """
        clips = extraction.separator.clips
        if clips.of_beats(self._clips.beats_per_clip) != self._clips:
            raise ModelError(f"a stream of {self._clips} cannot go on with {clips}")
        self._timeline.configure(Settings(self._n_received, extraction, beats))

    def locate(self, position: Position | None, *, is_seam: bool = False) -> None:
        """Say where the host is at the next frame.

        Parameters
        ----------
        position : Position or None
            None if it is nowhere.
        is_seam : bool
            Whether the sound does not continue what came before: no clip runs
            across, and what is joined there has a short fade.
        """
        self._timeline.locate(self._n_received, position, is_seam=is_seam)

    def capture_bar(self, wanted: bool) -> None:
        """Wait for the next bar, to be a reference, or give up waiting for one.

        It is the sidechain's if that sounds, else the input's; bars of silence are
        passed over.
        """
        self._capture.request(wanted, self._n_received)

    def take_bar(self) -> np.ndarray | None:
        """Return the bar that was captured, `(n_channels, n_frames)`, once."""
        return self._capture.take()

    def watch(self, wanted: bool) -> None:
        """Make columns of what is extracted from here on, or stop and drop them."""
        if not wanted:
            self._maker, self._columns = None, np.zeros(0, COLUMN)
        elif self._maker is None:
            self._maker = ColumnMaker(
                self._sample_rate, self._n_channels, self._n_finished
            )
            self._register = RegisterWatch(self._sample_rate, self._n_channels)

    def take_columns(self, n_columns: int) -> np.ndarray:
        """Return up to `n_columns` columns that have not been taken yet, `COLUMN`.

        Each begins where the one before it ends.  Their frames and what they show do
        not depend on how the host cuts its blocks.
        """
        taken, self._columns = np.split(self._columns, [n_columns])
        return taken

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
        self._blocks.append(block.copy())
        self._n_received += block.shape[1]
        while self._n_received >= self._next_start + self._sizes.lookahead:
            self._samples = np.concatenate([self._samples, *self._blocks], axis=1)
            self._blocks = []
            self._finished.append(self._separate_next())
        return self._take(block.shape[1])

    def _separate_next(self) -> np.ndarray:
        """Cut the next clip and return the frames that it finishes."""
        start = self._next_start
        clip = Clip(start, self._clip_end(start))
        n_lead = lead(clip, self._sizes) if self._begins_a_sound(start) else 0
        extracted = self._separate(Clip(start - n_lead, clip.end), start)[:, n_lead:]
        half_fade = self._sizes.half_seam if clip.end in self._timeline.seams else None
        finished = self._joiner.join(extracted, clip, half_fade)
        if self._maker:
            self._show(self._maker, clip, finished)
        self._n_finished += finished.shape[1]
        self._next_start = clip.end
        self._forget()
        return finished

    def _show(self, maker: ColumnMaker, clip: Clip, finished: np.ndarray) -> None:
        """Make columns of the frames that a clip has finished."""
        within = self._grid_of_clip.between(clip.start, clip.end - 1)
        seams = np.array(self._timeline.seams)
        maker.mark(MARK_BEAT, within.beats)
        maker.mark(MARK_BAR, within.downbeats)
        maker.mark(MARK_CLIP, [clip.start])
        maker.mark(MARK_SEAM, seams[(seams >= clip.start) & (seams < clip.end)])
        tempo_bpm = self._grid_of_clip.tempo_bpm(clip.start, self._sample_rate)
        maker.set_tempo(self._n_finished, tempo_bpm)
        first = self._n_finished - self._origin
        mixture = self._samples[: self._n_channels, first:][:, : finished.shape[1]]
        settings = self._timeline.settings_at(clip.start)
        self._register.add(mixture, settings.extraction if settings else None)
        maker.set_register_shift(self._n_finished, self._register.semitones)
        self._columns = np.append(self._columns, maker.add(mixture, finished))

    def _separate(self, clip: Clip, start: int) -> np.ndarray:
        """Return what a clip holds of the target that is chosen at `start`."""
        mixture = self._samples[: self._n_channels]
        piece = cut(mixture, clip, self._sizes, self._origin)
        settings = self._timeline.settings_at(start)
        if settings is None:
            return np.zeros_like(piece)
        return settings.extraction.separate(piece, self._sample_rate)

    def _begins_a_sound(self, start: int) -> bool:
        """Return whether nothing but silence comes before a clip, in its context."""
        first = start - self._sizes.left_context - self._sizes.step - self._origin
        before = self._samples[: self._n_channels, max(first, 0) : start - self._origin]
        return start in self._timeline.seams and not before.any()

    def _clip_end(self, start: int) -> int:
        known = start + self._sizes.lookahead
        grid = self._grid(start, known)
        self._grid_of_clip = grid
        self._capture.search(
            self._samples, self._origin, grid.downbeats, known, self._timeline.seams
        )
        end = self._timeline.clip_end(start, known, grid, self._sizes)
        if self._follower and self._tracked is not None:
            until = end - self._followed_from
            self._follower.decide(self._tracked, until / self._sample_rate)
        return end

    def _grid(self, start: int, known: int) -> Grid:
        """Return the beats from before `start` until well after `known`."""
        since = self._capture.since
        first = start if since is None else min(start, since)
        last = known + round(_FORESIGHT_S * self._sample_rate)
        self._tracked = None
        grid = self._timeline.beats_between(first, last, start=start, known=known)
        return self._detect(start, known) if grid is None else grid

    def _detect(self, start: int, known: int) -> Grid:
        """Return the beats since the last seam, by the sound until the next one."""
        rate, seam = self._sample_rate, self._timeline.seam_before(start)
        if self._follower is None or self._followed_from != seam:
            self._follower = Follower(load_tracker(self._runtime))
            self._followed_from = seam
        first = max(self._origin, seam, start - round(MEMORY_S * rate))
        last = self._timeline.end_of_take(start, known)
        span = slice(first - self._origin, last - self._origin)
        memory = self._samples[: self._n_channels, span]
        beats = self._follower.follow(memory, rate, (first - seam) / rate)
        self._tracked = beats.extend((known - seam) / rate + _FORESIGHT_S)
        return Grid.of(self._tracked, seam, rate)

    def _forget(self) -> None:
        """Drop what neither a clip's context nor the beats need."""
        memory = max(self._sizes.left_context, round(MEMORY_S * self._sample_rate))
        needed = self._next_start - memory
        if self._capture.since is not None:
            needed = min(needed, self._capture.since)
        n_old = max(0, needed - self._origin)
        self._samples = self._samples[:, n_old:].copy()
        self._origin += n_old
        self._timeline.forget(self._next_start, needed)

    def _take(self, n_frames: int) -> np.ndarray:
        ready = np.concatenate(self._finished, axis=1)
        self._finished = [ready[:, n_frames:]]
        return ready[:, :n_frames].copy()
