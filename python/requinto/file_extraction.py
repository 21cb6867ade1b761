# SPDX-License-Identifier: GPL-3.0-or-later
"""Extract instruments from a song into sound files, as every door does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto.arguments import DEFAULT_OPTIONS, Instrument, Options, Progress
from requinto.beats import Beats
from requinto.extract import extract_song
from requinto.song import Song
from requinto.song_separation import Stretch
from requinto_files.audio_writer import SoundWriter
from requinto_files.sound_set import Levels, write_sounds

_EXTRACTION_SHARE = 0.95  # of the work; the rest codes what was extracted


class Paths(NamedTuple):
    """Where sounds go."""

    extracted: tuple[Path, ...]  # one for each instrument
    rest: Path | None = None  # what is none of them


class Written(NamedTuple):
    """What an extraction into files came to."""

    levels: Levels
    duration_s: float  # of the song
    elapsed_s: float

    @property
    def real_time_factor(self) -> float:
        """Seconds of work for each second of the song."""
        return self.elapsed_s / self.duration_s


def extract_to_files(
    song: Song,
    instruments: Sequence[Instrument],
    paths: Paths,
    *,
    options: Options = DEFAULT_OPTIONS,
    beats: Beats | None = None,
    masks: Path | None = None,
    bit_depth: int | None = None,
    overwrite: bool = False,
    progress: Progress = lambda share: None,
    watch: Callable[[Stretch], None] = lambda stretch: None,
    before_publishing: Callable[[Sequence[SoundWriter]], None] = lambda writers: None,
) -> Written:
    """Extract instruments of a song into files, which appear whole or not at all.

    Parameters
    ----------
    song : Song
        Of a whole number of Hz, such as a `SongFile`.
    instruments, options, beats, masks
        As in `extract_song`.
    paths : Paths
        As many as instruments; an ending names the kind of a file.
    bit_depth : int, optional
        16, 24 or 32, as the kinds hold them; see `sound_kinds.check_bit_depth`. Where
        files hold integers of as many bits as the song or more, they add up to it
        exactly.
    overwrite : bool
        Whether files that are there may be replaced.
    progress : callable
        Called with the share of the work that is done, from 0 to 1.
    watch : callable
        Called with each stretch of the song before it is written.
    before_publishing : callable
        See `write_sounds`.

    Raises
    ------
    RequintoError
        Whatever `extract_song` and `write_sounds` raise.
    """

    def extraction(share: float) -> None:
        progress(_EXTRACTION_SHARE * share)

    stretches = extract_song(
        song,
        instruments,
        options=options,
        beats=beats,
        progress=extraction,
        masks=masks,
    )
    return write_stretches(
        song,
        stretches,
        paths,
        bit_depth=bit_depth,
        overwrite=overwrite,
        progress=progress,
        watch=watch,
        before_publishing=before_publishing,
    )


def write_stretches(
    song: Song,
    stretches: Iterable[Stretch],
    paths: Paths,
    *,
    bit_depth: int | None = None,
    overwrite: bool = False,
    progress: Progress = lambda share: None,
    watch: Callable[[Stretch], None] = lambda stretch: None,
    before_publishing: Callable[[Sequence[SoundWriter]], None] = lambda writers: None,
) -> Written:
    """Write what some system extracts; parameters as in `extract_to_files`."""

    def coding(share: float) -> None:
        progress(_EXTRACTION_SHARE + (1 - _EXTRACTION_SHARE) * share)

    start = time.perf_counter()
    levels = write_sounds(
        paths.extracted,
        _sounds(stretches, watch, has_rest=paths.rest is not None),
        (song.n_channels, song.n_frames),
        int(song.sample_rate),
        rest=paths.rest,
        bit_depth=bit_depth,
        overwrite=overwrite,
        progress=coding,
        before_publishing=before_publishing,
    )
    elapsed_s = time.perf_counter() - start
    return Written(levels, song.n_frames / song.sample_rate, elapsed_s)


def _sounds(
    stretches: Iterable[Stretch], watch: Callable[[Stretch], None], *, has_rest: bool
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield the instruments, and then the mixture where there is a rest of it."""
    for stretch in stretches:
        watch(stretch)
        yield (*stretch.extracted, stretch.mixture) if has_rest else stretch.extracted
