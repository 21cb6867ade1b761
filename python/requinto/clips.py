# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut audio at beats into overlapping clips, and join clips back into audio.

A clip lasts four beats, or fewer where these would take too long, and never
runs across a downbeat.  The network hears it with context on both sides; what
is played of it reaches half a crossfade past each end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from requinto.config import ClipConfig


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

    @classmethod
    def at(cls, config: ClipConfig, sample_rate: float) -> ClipFrames:
        """Return the configuration at `sample_rate` Hz."""
        return cls(
            config.beats_per_clip,
            round(config.longest_clip_s * sample_rate),
            round(config.left_context_s * sample_rate),
            round(config.right_context_s * sample_rate),
            max(1, round(config.crossfade_s * sample_rate / 2)),
        )

    @property
    def lookahead(self) -> int:
        """Frames after a clip's start that must be known before it is cut."""
        return self.longest + self.right_context

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
        or one, that is no further than the next downbeat or `longest` frames;
        without any, `start + longest`.
    """
    # Two joins closer than this would share a crossfade
    soonest, latest = start + 4 * sizes.half_fade, start + sizes.longest
    upcoming = [beat for beat in beats if soonest <= beat <= latest]
    bar_end = next((d for d in downbeats if d >= soonest), None)
    if bar_end is not None and bar_end <= latest:
        upcoming = [beat for beat in upcoming if beat < bar_end] + [bar_end]
        if len(upcoming) <= sizes.beats_per_clip:
            return bar_end

    n_beats = sizes.beats_per_clip
    while n_beats > len(upcoming):
        n_beats //= 2
    return upcoming[n_beats - 1] if n_beats else latest


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
        width = 2 * sizes.half_fade
        rising = np.sin(np.pi / 2 * (np.arange(width) + 0.5) / width) ** 2
        self._rising = rising.astype(np.float32)
        self._ending: np.ndarray | None = None  # the last clip's part of the join

    def join(self, separated: np.ndarray, clip: Clip) -> np.ndarray:
        """Return the frames that are finished once this clip is in.

        They run from half a crossfade before its start (for the first clip:
        from its start) to half a crossfade before its end.

        Parameters
        ----------
        separated : np.ndarray, shape=(n_channels, n_frames)
            The clip with its context, as `cut` returned it.
        """
        half, left = self._sizes.half_fade, self._sizes.left_context
        played = separated[:, left - half : left + clip.end - clip.start + half].copy()
        if self._ending is None:
            played = played[:, half:]
        else:
            played[:, : 2 * half] *= self._rising
            played[:, : 2 * half] += self._ending
        self._ending = played[:, -2 * half :] * self._rising[::-1]
        return played[:, : -2 * half]
