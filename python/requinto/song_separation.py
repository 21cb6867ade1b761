# SPDX-License-Identifier: GPL-3.0-or-later
"""Separate a song clip by clip, from its blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto.beats import Beats
from requinto.clips import Clip, ClipFrames, Joiner, cut, lead, next_end
from requinto.config import DEFAULT_SENSITIVITY
from requinto.mask_file import MaskFile, open_masks
from requinto.separator import Query, Separator
from requinto.song import Song, SongWindow
from requinto.target_separation import separate_targets

N_TOGETHER = 4  # clips; more are hardly faster


class Stretch(NamedTuple):
    """Some seconds of a song, each `(n_channels, n_frames)`, float32."""

    mixture: np.ndarray
    extracted: tuple[np.ndarray, ...]  # one for each query

    @property
    def rest(self) -> np.ndarray:
        """What is none of what was extracted."""
        return self.mixture - sum(self.extracted)


def plan(
    n_frames: int, sample_rate: float, beats: Beats, sizes: ClipFrames
) -> list[Clip]:
    """Return the clips that cover `n_frames` of a song, cut at its beats."""
    longer = beats.extend((n_frames + sizes.longest) / sample_rate + 2.0)
    beat_frames = np.round(longer.times_s * sample_rate).astype(int)
    bar_frames = np.round(longer.downbeats_s * sample_rate).astype(int)
    clips: list[Clip] = []
    start = 0
    while start < n_frames + sizes.half_fade:
        first, last = np.searchsorted(beat_frames, [start, start + sizes.longest + 1])
        bars = slice(*np.searchsorted(bar_frames, [start, start + sizes.longest + 1]))
        end = next_end(start, beat_frames[first : last + 1], bar_frames[bars], sizes)
        clips.append(Clip(start, end))
        start = end
    return clips


def separate_song(
    song: Song,
    separator: Separator,
    sizes: ClipFrames,
    queries: Sequence[Query],
    beats: Beats,
    sensitivity: float = DEFAULT_SENSITIVITY,
    masks: Path | None = None,
) -> Iterator[Stretch]:
    """Yield a song and what it holds of each target, from its start to its end.

    Of the song no more is held than a few clips need.

    Parameters
    ----------
    song : Song
    separator : Separator
    sizes : ClipFrames
        At the song's rate.
    queries : sequence of Query
        The targets.
    beats : Beats
        Where clips are cut.
    sensitivity : float
        From 0 to 1, as in `extract`.
    masks : Path, optional
        As in `extract_song`.
    """
    clips = plan(song.n_frames, song.sample_rate, beats, sizes)
    with open_masks(masks) as kept:
        yield from _separate_clips(
            song, separator, sizes, clips, queries, sensitivity, kept
        )


def _separate_clips(
    song: Song,
    separator: Separator,
    sizes: ClipFrames,
    clips: list[Clip],
    queries: Sequence[Query],
    sensitivity: float,
    masks: MaskFile | None,
) -> Iterator[Stretch]:
    window = SongWindow(song.blocks(), song.n_channels)
    joiners = [Joiner(sizes, song.n_channels) for _ in queries]
    n_lead = lead(clips[0], sizes)
    clips[0] = Clip(-n_lead, clips[0].end)
    n_done = 0
    for i in range(0, len(clips), N_TOGETHER):
        some = clips[i : i + N_TOGETHER]
        # The context of a clip begins before what the clips before it have finished
        origin = max(0, min(some[0].start - sizes.left_context, n_done))
        held = window.read(origin, some[-1].end + sizes.right_context)
        pieces = [cut(held, clip, sizes, origin) for clip in some]
        played = [sizes.played(piece.shape[1]) for piece in pieces]
        separated = separate_targets(
            separator, pieces, song.sample_rate, queries, sensitivity, played, masks
        )
        extracted = []
        for estimates, joiner in zip(separated, joiners, strict=True):
            parts = [joiner.join(*pair) for pair in zip(estimates, some, strict=True)]
            whole = np.concatenate(parts, axis=1)[:, n_lead:]
            extracted.append(whole[:, : song.n_frames - n_done])
        n_lead = 0
        first, n_done = n_done, n_done + extracted[0].shape[1]
        yield Stretch(held[:, first - origin : n_done - origin], tuple(extracted))
