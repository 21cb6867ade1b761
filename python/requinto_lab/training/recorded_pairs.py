# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixtures of recorded songs: what one song holds, out of two or three at once.

Recorded music has no stems, but a song among others is a target whose truth is exact,
and its timbres are whatever people record.  The reference is another excerpt of the
same song.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pedalboard
from scipy import ndimage, signal

from requinto.errors import ConfigError
from requinto_lab.grouping import group_pairs
from requinto_lab.material.augmentation import equaliser, varispeed
from requinto_lab.material.recorded_library import RecordedLibrary, RecordedSong
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.training.examples import (
    Example,
    ExampleConfig,
    finish,
    lengthen,
    rms,
    shorten,
)

Change = Callable[[np.ndarray], np.ndarray]

_STEP_S = 0.5  # between the levels that a library keeps of a song
_RMS = 0.1  # of an excerpt at a level of 0 dB
_SILENT = 1e-5
_N_FFT = 2048  # samples of the window, for harmonic and percussive parts


@dataclass(frozen=True)
class RecordedPairsConfig(ExampleConfig):
    """Every number of the mixtures; probabilities unless said otherwise."""

    third: float = 0.3  # three songs sound, not two
    alike: float = 0.4  # all are of one package or artist: timbres are alike
    same_song: float = 0.1  # the others are excerpts of the target's own song
    sparse: float = 0.6  # an excerpt is the sparsest of three
    half: float = 0.15  # the harmonic or the percussive part of a song only
    band: float = 0.15  # a song is band-passed
    equalised: float = 0.5  # a song and its reference pass an equaliser
    equaliser_db: float = 5.0  # standard deviation of each of its filters
    varispeed: float = 0.5
    level_db: float = 9.0  # uniform, around equal loudness
    nearest_s: float = 3.0  # least time between excerpt and reference
    farthest_s: float = 40.0
    quietest_db: float = -20.0  # of an excerpt, beside its song's loudest half second
    absent: float = 0.04
    reference_shortest_s: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.nearest_s < self.farthest_s:
            raise ConfigError("nearest_s must be 0 or more, and less than farthest_s")


@dataclass(frozen=True)
class _Excerpt:
    """Where a song is cut, and what is done to it and to its reference."""

    song: RecordedSong
    start: int  # frames
    size: int  # frames that are played in the time of `n_frames`
    changes: tuple[Change, ...]


class RecordedPairs:
    """An endless supply of such mixtures.

    Parameters
    ----------
    folder : Path
        What `requinto data recorded` made.
    config : RecordedPairsConfig
    split : str
        "train" or "validation".
    """

    def __init__(
        self, folder: Path | str, config: RecordedPairsConfig, *, split: str
    ) -> None:
        self.config = config
        self.library = RecordedLibrary(Path(folder), split)
        self._packages = group_pairs(
            (song.package, song) for song in self.library.songs
        )

    def examples(self, rng: np.random.Generator) -> list[Example]:
        """Return examples that share a mixture: each is of one of its songs.

        Everything random comes from `rng`.
        """
        cfg = self.config
        excerpts = self._excerpts(rng)
        levels = 10 ** (rng.uniform(-cfg.level_db, cfg.level_db, len(excerpts)) / 20)
        parts = [
            self._sound(one, one.start, one.size, cfg.n_frames) for one in excerpts
        ]
        parts = [
            part * np.float32(level * _RMS / _level(part))
            for part, level in zip(parts, levels, strict=True)
        ]
        targets = list(zip(excerpts, parts, strict=True))[: cfg.n_targets]
        if rng.random() < cfg.absent:
            other = self._excerpt(self._any(self.library.songs, rng), rng)
            playing = {one.song.path for one in excerpts}
            if other.song.path not in playing:
                targets[-1] = other, np.zeros_like(parts[0])
        mixture = np.sum(parts, axis=0)
        mixture, sounds = finish(mixture, [part for _, part in targets], cfg, rng)
        return [
            Example(mixture, sound, self._reference(one, rng), "song", not sound.any())
            for (one, _), sound in zip(targets, sounds, strict=True)
        ]

    def excerpt(self, rng: np.random.Generator, n_frames: int) -> np.ndarray:
        """Return a part of any song, `(2, n_frames)`, at an RMS of 0.1."""
        song = self._any(self.library.songs, rng)
        sound = self.library.read(song, self._start(song, n_frames, rng), n_frames)
        return sound * np.float32(_RMS / _level(sound))

    def _excerpts(self, rng: np.random.Generator) -> list[_Excerpt]:
        cfg = self.config
        n_songs = 3 if rng.random() < cfg.third else 2
        songs = self.library.songs
        first = self._excerpt(self._any(songs, rng), rng)
        draw = rng.random()
        if draw < cfg.same_song:
            others = [first.song] * (n_songs - 1)
        else:
            if draw < cfg.same_song + cfg.alike:
                songs = self._relatives(first.song, rng)
            others = [self._any(songs, rng) for _ in range(n_songs - 1)]
        excerpts = [first, *(self._excerpt(song, rng) for song in others)]
        # Two excerpts of one song are two targets only where they lie apart
        reach = round((cfg.farthest_s + cfg.nearest_s) * SAMPLE_RATE)
        kept = [first]
        for one in excerpts[1:]:
            alike = [k for k in kept if k.song.path == one.song.path]
            if all(abs(one.start - k.start) > reach for k in alike):
                kept.append(one)
        return kept if len(kept) > 1 else [first, self._elsewhere(first, rng)]

    def _elsewhere(self, first: _Excerpt, rng: np.random.Generator) -> _Excerpt:
        songs = [s for s in self.library.songs if s.path != first.song.path]
        return self._excerpt(self._any(songs or self.library.songs, rng), rng)

    def _relatives(
        self, song: RecordedSong, rng: np.random.Generator
    ) -> list[RecordedSong]:
        """Return songs of one artist or of one package."""
        by_artist = self.library.by_artist[song.artist]
        rows = by_artist if rng.random() < 0.5 else self._packages[song.package]
        return [s for s in rows if s.path != song.path] or self.library.songs

    def _any(self, songs: list[RecordedSong], rng: np.random.Generator) -> RecordedSong:
        return songs[rng.integers(len(songs))]

    def _excerpt(self, song: RecordedSong, rng: np.random.Generator) -> _Excerpt:
        cfg = self.config
        size = cfg.choose_size(rng)
        n_tries = 3 if rng.random() < cfg.sparse else 1
        starts = [self._start(song, size, rng) for _ in range(n_tries)]
        if n_tries > 1:
            starts.sort(key=lambda at: _density(self.library.read(song, at, size)))
        return _Excerpt(song, starts[0], size, self._changes(rng))

    def _start(self, song: RecordedSong, size: int, rng: np.random.Generator) -> int:
        """Return where an excerpt begins in which the song is not all but silent."""
        steps = self._sounding(song, size)
        step = int(steps[rng.integers(len(steps))])
        last = max(song.n_frames - size, 0)
        within = int(rng.integers(round(_STEP_S * SAMPLE_RATE)))
        return min(round(step * _STEP_S * SAMPLE_RATE) + within, last)

    def _sounding(self, song: RecordedSong, size: int) -> np.ndarray:
        """Return the half seconds from which `size` frames sound."""
        levels = np.asarray(song.level_db)
        n_steps = max(1, round(size / SAMPLE_RATE / _STEP_S))
        power = np.convolve(10 ** (levels / 10), np.ones(n_steps) / n_steps, "valid")
        threshold = 10 ** ((levels.max() + self.config.quietest_db) / 10)
        steps = np.flatnonzero(power > threshold)
        return steps if len(steps) else np.zeros(1, int)

    def _changes(self, rng: np.random.Generator) -> tuple[Change, ...]:
        cfg = self.config
        changes: list[Change] = []
        if rng.random() < cfg.half:
            is_percussive = bool(rng.random() < 0.5)
            changes.append(functools.partial(_half, percussive=is_percussive))
        if rng.random() < cfg.equalised:
            changes.append(_filter(equaliser(cfg.equaliser_db, rng)))
        if rng.random() < cfg.band:
            low, high = np.sort(np.exp(rng.uniform(np.log(60), np.log(9000), 2)))
            filters = [
                pedalboard.HighpassFilter(float(low)),
                pedalboard.LowpassFilter(float(max(high, 2 * low))),
            ]
            changes.append(_filter(filters))
        return tuple(changes)

    def _sound(self, one: _Excerpt, start: int, size: int, n_frames: int) -> np.ndarray:
        sound = varispeed(self.library.read(one.song, start, size), n_frames)
        for change in one.changes:
            sound = change(sound)
        return sound

    def _reference(self, one: _Excerpt, rng: np.random.Generator) -> np.ndarray:
        """Return an excerpt from near a target, at a level of its own."""
        cfg = self.config
        n_frames = cfg.reference_frames
        size = round(n_frames * one.size / cfg.n_frames)
        start = self._near(one, size, rng)
        sound = self._sound(one, start, size, n_frames)
        sound = sound * np.float32(rng.uniform(0.25, 2.0) * _RMS / _level(sound))
        if rng.random() < cfg.reference_short:
            sound = lengthen(shorten(sound, cfg.reference_shortest_s, rng), n_frames)
        return sound

    def _near(self, one: _Excerpt, size: int, rng: np.random.Generator) -> int:
        cfg = self.config
        starts = np.round(
            self._sounding(one.song, size) * _STEP_S * SAMPLE_RATE
        ).astype(int)
        starts = np.minimum(starts, max(one.song.n_frames - size, 0))
        gaps = np.maximum(starts - (one.start + one.size), one.start - (starts + size))
        near = cfg.nearest_s * SAMPLE_RATE
        apart = gaps >= near
        fitting = starts[apart & (gaps <= cfg.farthest_s * SAMPLE_RATE)]
        if not len(fitting):
            fitting = starts[apart] if apart.any() else starts[[int(np.argmax(gaps))]]
        return int(fitting[rng.integers(len(fitting))])


def _filter(filters: list[pedalboard.Plugin]) -> Change:
    """Return filters as one change."""
    board = pedalboard.Chain(filters)
    return lambda sound: np.asarray(board(sound, SAMPLE_RATE))


def _half(sound: np.ndarray, *, percussive: bool) -> np.ndarray:
    """Return the harmonic or the percussive part of a sound.

    Source: after FitzGerald, "Harmonic/percussive separation using median filtering",
    DAFx 2010; ours takes means instead, which cost a hundredth.
    """
    n_frames = sound.shape[1]
    options = {"nperseg": _N_FFT, "noverlap": _N_FFT // 2}
    _, _, spectrum = signal.stft(sound, **options)
    size = np.abs(spectrum).mean(axis=0)
    along_time = ndimage.uniform_filter1d(size, 15, axis=1)
    along_frequency = ndimage.uniform_filter1d(size, 15, axis=0)
    if percussive:
        along_time, along_frequency = along_frequency, along_time
    kept = along_time**4 / (along_time**4 + along_frequency**4 + 1e-20)
    _, part = signal.istft(spectrum * kept, **options)
    return lengthen(part[:, :n_frames].astype(np.float32), n_frames)


def _density(sound: np.ndarray) -> float:
    """Return how evenly a sound fills its spectrogram; a lone note gives little."""
    n_fft = 4096
    mono = sound.mean(axis=0)
    columns = mono[: len(mono) // n_fft * n_fft].reshape(-1, n_fft)
    size = np.abs(np.fft.rfft(columns * np.hanning(n_fft).astype(np.float32)))
    return float(np.sqrt(size).mean() ** 2 / (size.mean() + _SILENT))


def _level(sound: np.ndarray) -> float:
    """Return the RMS of a sound, above 0."""
    return float(rms(sound)) + _SILENT
