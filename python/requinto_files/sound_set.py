# SPDX-License-Identifier: GPL-3.0-or-later
"""Write sounds that add up to a song, so that their files still do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto_files.audio_writer import BLOCK, FloatStore, Progress, SoundWriter
from requinto_files.quantisation import quantise_parts


class Levels(NamedTuple):
    """At what level sounds were written, and why."""

    gain: float = 1.0  # of all sounds, 1 or less
    path: str = ""  # whose kind could not hold its peak, where the gain is less
    peak: float = 0.0  # of that sound, before the gain


def write_sounds(
    paths: Sequence[Path],
    blocks: Iterable[Sequence[np.ndarray]],
    shape: tuple[int, int],
    sample_rate: int,
    *,
    rest: Path | None = None,
    bit_depth: int | None = None,
    overwrite: bool,
    progress: Progress = lambda share: None,
    before_publishing: Callable[[Sequence[SoundWriter]], None] = lambda writers: None,
) -> Levels:
    """Write sounds as they come, all at one gain.

    Files of integers, Ogg and mp3 end at full scale: what exceeds it would be clipped,
    and sounds that add up to a song would no longer. So where one file cannot hold its
    peak, all are written at the gain with which it can. All files appear when all are
    complete.

    The rest is what the other files, as they are rounded, leave of the mixture. So
    where no gain is needed and the mixture holds integers of no more bits than the
    files, they add up to it exactly; else, of integers, within half a step. Of Ogg and
    mp3 it is known only before they are coded.

    Parameters
    ----------
    paths : sequence of path
        Where each sound goes.
    blocks : iterable of sequences of np.ndarray
        A block of each of the sounds, `(n_channels, n_frames)`, float32; where there is
        a rest, one more: of the mixture that they are parts of.
    shape : (int, int)
        Of each sound.
    sample_rate : int
        Hz.
    rest : path, optional
        Where to write what is none of the sounds.
    bit_depth : int, optional
        See `sound_kinds.check_bit_depth`.
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
    writers = [
        SoundWriter(
            *(path, *shape, sample_rate), bit_depth=bit_depth, overwrite=overwrite
        )
        for path in ([*paths, rest] if rest else paths)
    ]
    with contextlib.ExitStack() as stack:
        if all(writer.kind.peak is None for writer in writers):
            levels = Levels()
            coded: Iterable[Sequence[np.ndarray]] = (
                map(_rest_of, blocks) if rest else blocks
            )
        else:
            store = stack.enter_context(
                _Store(writers, shape, sample_rate, has_rest=rest is not None)
            )
            for sounds in blocks:
                store.add(sounds)
            levels = store.levels()
            coded = store.coded(levels.gain, progress)
        for writer in writers:
            stack.enter_context(writer)
        for sounds in coded:
            for writer, sound in zip(writers, sounds, strict=True):
                writer.write(sound)
        for writer in writers:
            writer.finish()
        before_publishing(writers)
        for writer in writers:
            writer.publish()
    progress(1.0)
    return levels


class _Store:
    """Sounds as floats, until the gain is known with which their files hold them.

    A context. In place of the rest it keeps the mixture.
    """

    def __init__(
        self,
        writers: Sequence[SoundWriter],
        shape: tuple[int, int],
        sample_rate: int,
        *,
        has_rest: bool,
    ) -> None:
        self._writers, self._has_rest = writers, has_rest
        self._n_frames = shape[1]
        self._stores = [FloatStore(w.path, *shape, sample_rate) for w in writers]
        self._peaks = np.zeros(len(writers))

    def __enter__(self) -> _Store:
        with contextlib.ExitStack() as stack:
            for store in self._stores:
                stack.enter_context(store)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def add(self, sounds: Sequence[np.ndarray]) -> None:
        """Keep the next block of each sound, the mixture last where there is a rest."""
        for store, sound in zip(self._stores, sounds, strict=True):
            store.write(sound)
        for i, sound in enumerate(_rest_of(sounds) if self._has_rest else sounds):
            if sound.size:
                self._peaks[i] = max(self._peaks[i], np.abs(sound).max())

    def levels(self) -> Levels:
        """Return the gain with which all files hold their sounds.

        1, or less where a kind that ends at full scale would be exceeded: one factor
        for all, so that sounds which add up to a song still do, to that factor.
        """
        levels = Levels()
        for writer, peak in zip(self._writers, self._peaks.tolist(), strict=True):
            gain = writer.kind.gain_for(peak)
            if gain < levels.gain:
                levels = Levels(gain, str(writer.path), peak)
        return levels

    def coded(self, gain: float, progress: Progress) -> Iterator[list[np.ndarray]]:
        """Yield what the files are to hold, block by block."""
        sources = [store.blocks() for store in self._stores]
        for i, sounds in enumerate(zip(*sources, strict=True)):
            yield self._code([gain * sound.astype(np.float64) for sound in sounds])
            progress(min(1.0, (i + 1) * BLOCK / self._n_frames))
        self._stack.close()

    def _code(self, sounds: list[np.ndarray]) -> list[np.ndarray]:
        if not self._has_rest:
            return sounds
        *depths, rest_depth = (writer.kind.bit_depth for writer in self._writers)
        *parts, mixture = sounds
        return quantise_parts(mixture, parts, depths, rest_depth)


def _rest_of(sounds: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return parts, and the rest in place of the mixture, which comes last."""
    *parts, mixture = sounds
    return [*parts, mixture - sum(parts)]
