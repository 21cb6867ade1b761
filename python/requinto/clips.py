# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut audio at beats into overlapping clips, and join clips back into audio.

A clip lasts four beats, or fewer where these would take too long, and never
runs across a downbeat.  The network receives it with context on both sides; what
is played of it reaches half a crossfade past each end.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from requinto.config import ClipConfig

_SEAM_FADE_S = 0.01  # where the sound itself breaks off
LEAD_STEP_S = 0.1  # of the silence before the first clip
_STEP_PHASE = 0.37  # so that no common length of a clip lies where the count changes


class Clip(NamedTuple):
    """A stretch of a song between two joins, in frames."""

    start: int
    end: int


@dataclass(frozen=True)
class ClipFrames:
    """A `ClipConfig` in frames of one sample rate."""

    beats_per_clip: int
    longest: int
    left_context: int
    right_context: int
    half_fade: int
    half_seam: int
    step: int

    @classmethod
    def at(cls, config: ClipConfig, sample_rate: float) -> ClipFrames:
        """Return the configuration at `sample_rate` Hz."""
        return cls(
            config.beats_per_clip,
            round(config.longest_clip_s * sample_rate),
            round(config.left_context_s * sample_rate),
            round(config.right_context_s * sample_rate),
            max(1, round(config.crossfade_s * sample_rate / 2)),
            max(1, round(_SEAM_FADE_S * sample_rate / 2)),
            max(1, round(LEAD_STEP_S * sample_rate)),
        )

    @property
    def shortest(self) -> int:
        """Frames from one join to the next at least: closer ones would meet."""
        return 4 * self.half_fade

    @property
    def lookahead(self) -> int:
        """Frames after a clip's start that must be known before it is cut."""
        return self.longest + self.right_context

    def played(self, n_frames: int) -> slice:
        """Return which frames of a clip of so many, with context, a join may use."""
        return slice(
            self.left_context - self.half_fade,
            n_frames - self.right_context + self.half_fade,
        )

    @property
    def latency(self) -> int:
        """Frames by which joined output trails the input, at worst."""
        return self.lookahead + self.half_fade


def next_end(
    start: int,
    beats: np.ndarray | Sequence[int],
    downbeats: np.ndarray | Sequence[int],
    sizes: ClipFrames,
) -> int:
    """Return where the clip that begins at `start` ends.

    Parameters
    ----------
    start : int
        Frame of the song.
    beats, downbeats : sequences of int
        Ascending frames of the song; those up to `start` are ignored.
    sizes : ClipFrames

    Returns
    -------
    int
        The furthest beat within reach of `beats_per_clip` beats, half as many
        or one, that is no further than the next downbeat or `longest` frames.
        Without any, the beat that comes later is divided evenly; without that,
        `start + longest`.
    """
    soonest, latest = start + sizes.shortest, start + sizes.longest
    upcoming = [beat for beat in beats if soonest <= beat <= latest]
    bar_end = next((d for d in downbeats if d >= soonest), None)
    if bar_end is not None and bar_end <= latest:
        upcoming = [beat for beat in upcoming if beat < bar_end] + [bar_end]
        if len(upcoming) <= sizes.beats_per_clip:
            return bar_end

    n_beats = sizes.beats_per_clip
    while n_beats > len(upcoming):
        n_beats //= 2
    if n_beats:
        return int(upcoming[n_beats - 1])
    later = next((beat for beat in beats if beat > latest), None)
    if later is None:
        return latest
    n_parts = -(-(later - start) // sizes.longest)
    return max(soonest, start + round((later - start) / n_parts))


def lead(clip: Clip, sizes: ClipFrames) -> int:
    """Return how many frames of silence a clip that begins a sound begins with.

    Hosts begin some frames before a song, and not always as many.  Counted back from
    its end, which lies on a beat, the clip has the same spectra all the same.
    """
    length = clip.end - clip.start + round(_STEP_PHASE * sizes.step)
    n_steps = -(-length // sizes.step)
    return clip.start - clip.end + n_steps * sizes.step


def end_at_break(start: int, end: int, breaks: Sequence[int], sizes: ClipFrames) -> int:
    """Return where a clip ends so that it runs across no break, if that can be.

    Parameters
    ----------
    start, end : int
        Frames of the song, the end as `next_end` returned it.
    breaks : sequence of int
        Ascending frames at which something else begins.
    sizes : ClipFrames

    Returns
    -------
    int
        `end`, or a break before it, or earlier to leave room for one soon after
        it; breaks too close to `start` for a join of their own are ignored.
    """
    for position in breaks:
        if position >= start + sizes.shortest:
            if position <= end:
                return position
            if position < end + sizes.shortest:
                within = position <= start + sizes.longest
                return position if within else position - sizes.shortest
            break
    return end


def cut(
    audio: np.ndarray, clip: Clip, sizes: ClipFrames, origin: int = 0
) -> np.ndarray:
    """Return a clip with its context, silent where `audio` does not reach.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames)
        Part of a song, the first frame being frame `origin` of it.
    """
    first = clip.start - sizes.left_context - origin
    last = clip.end + sizes.right_context - origin
    inside = audio[:, max(first, 0) : max(last, 0)]
    before = max(0, min(-first, last - first))
    after = last - first - before - inside.shape[1]
    return np.pad(inside, ((0, 0), (before, after)))


class Joiner:
    """Joins separated clips by crossfades, each as it comes."""

    def __init__(self, sizes: ClipFrames, n_channels: int) -> None:
        self._sizes = sizes
        self._ending = np.zeros((n_channels, 0), np.float32)  # the last one's part

    def join(
        self, separated: np.ndarray, clip: Clip, half_fade: int | None = None
    ) -> np.ndarray:
        """Return the frames that are finished once this clip is in.

        They run from half a crossfade before its start (for the first clip:
        from its start) to half a crossfade before its end.

        Parameters
        ----------
        separated : np.ndarray, shape=(n_channels, n_frames)
            The clip with its context, as `cut` returned it.
        half_fade : int, optional
            Of the join at its end, in frames, at most `ClipFrames.half_fade`.
        """
        left = self._sizes.left_context
        before = self._ending.shape[1] // 2
        after = self._sizes.half_fade if half_fade is None else half_fade
        n_frames = clip.end - clip.start
        played = separated[:, left - before : left + n_frames + after].copy()
        played[:, : 2 * before] *= _rising(2 * before)
        played[:, : 2 * before] += self._ending
        self._ending = played[:, -2 * after :] * _rising(2 * after)[::-1]
        return played[:, : -2 * after]


@functools.lru_cache(maxsize=8)
def _rising(n_frames: int) -> np.ndarray:
    """Return a window that rises from 0 to 1; with its reverse it adds up to 1."""
    rising = np.sin(np.pi / 2 * (np.arange(n_frames) + 0.5) / max(n_frames, 1)) ** 2
    return rising.astype(np.float32)
