# SPDX-License-Identifier: GPL-3.0-or-later
"""Write sounds that add up to a song, so that their files still do."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto_files import audio_writer
from requinto_files.audio_writer import Progress, SoundWriter


class Levels(NamedTuple):
    """At what level sounds were written, and why."""

    gain: float = 1.0  # of all sounds, 1 or less
    path: str = ""  # whose kind could not hold its peak, where the gain is less
    peak: float = 0.0  # of that sound, before the gain


def write_sounds(
    paths: Sequence[Path | None],
    blocks: Iterable[Sequence[np.ndarray]],
    shape: tuple[int, int],
    sample_rate: int,
    *,
    overwrite: bool,
    progress: Progress = lambda share: None,
    before_publishing: Callable[[Sequence[SoundWriter]], None] = lambda writers: None,
) -> Levels:
    """Write sounds as they come, all at one gain.

    FLAC and Ogg end at full scale: what exceeds it would be clipped, and sounds that
    add up to a song would no longer. So where one file cannot hold its peak, all are
    written at the gain with which it can. All files appear when all are complete.

    Parameters
    ----------
    paths : sequence of path or None
        Where each sound goes, if anywhere.
    blocks : iterable of sequences of np.ndarray
        A block of each of the sounds, `(n_channels, n_frames)`, float32.
    shape : (int, int)
        Of each sound.
    sample_rate : int
        Hz.
    overwrite : bool
        Whether files that are there may be replaced.
    progress : callable
        Called with the share that is done of what is left to do after the last block.
    before_publishing : callable
        Called with the writers when all files are complete, and none has appeared.

    Raises
    ------
    AudioFileError
        If a file cannot be written.
    """
    with contextlib.ExitStack() as stack:
        writers: list[SoundWriter | None] = [None] * len(paths)
        for i, path in enumerate(paths):
            if path:
                writer = SoundWriter(path, *shape, sample_rate, overwrite=overwrite)
                writers[i] = stack.enter_context(writer)
        for sounds in blocks:
            for each, sound in zip(writers, sounds, strict=True):
                if each:
                    each.write(sound)
        used = [writer for writer in writers if writer]
        levels = _finish(used, progress)
        before_publishing(used)
        for writer in used:
            writer.publish()
    progress(1.0)
    return levels


def _finish(writers: Sequence[SoundWriter], progress: Progress) -> Levels:
    levels = _common_levels(writers)
    for i, writer in enumerate(writers):
        notify = functools.partial(_notify, progress, i, len(writers))
        writer.finish(levels.gain, notify)
    return levels


def _notify(progress: Progress, i: int, n: int, share: float) -> None:
    progress((i + share) / n)


def _common_levels(writers: Sequence[SoundWriter]) -> Levels:
    peaks = {str(w.path): w.peak for w in writers if w.peak_limit is not None}
    gain = audio_writer.common_gain(peaks)
    if gain == 1.0:
        return Levels()
    path, largest = max(peaks.items(), key=lambda item: item[1])
    return Levels(gain, path, largest)
