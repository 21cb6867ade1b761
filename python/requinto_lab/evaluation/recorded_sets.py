# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of recorded songs: songs over songs, and rendered players over songs.

The target is one of the recordings that were summed, so the truth is exact.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from requinto_lab.evaluation import arranging
from requinto_lab.evaluation.arranging import Voice
from requinto_lab.evaluation.items import Row
from requinto_lab.evaluation.levels import (
    HOP,
    QUIETEST_DBFS,
    SOUNDING_SHARE,
    mix_row,
    scale_rest,
    sounds_throughout,
)
from requinto_lab.material.folders import slug
from requinto_lab.material.recorded_library import RecordedLibrary, RecordedSong
from requinto_lab.material.songs import generator

RECORDING = "recording"  # the instrument that such an item names
EXCERPT = 20  # half seconds
REFERENCE = 6
PAIR_GAP = (6, 80)  # half seconds between an excerpt and its reference
ALIKE_GAP = (6, 30)
SONG_GAP = 60  # half seconds between two excerpts of one song
PAIR_DB = (-6.0, 6.0)  # the target over the rest
BACKING_DB = (-12.0, 5.0)
_MAX_TRIES = 20  # songs tried for an item

T = TypeVar("T")


class _Excerpt(NamedTuple):
    """Part of a song; half seconds."""

    song: RecordedSong
    start: int
    size: int = EXCERPT

    def gap(self, other: _Excerpt) -> int:
        """Return the half seconds between two excerpts of one song."""
        return max(
            other.start - self.start - self.size, self.start - other.start - other.size
        )


@functools.cache
def open_library(folder: Path, split: str) -> RecordedLibrary:
    """Return the recorded songs of a split."""
    return RecordedLibrary(folder, split)


def pairs(split: str, index: int, folder: Path) -> Iterator[Row]:
    """Yield an item: one of two or three songs by different artists."""
    library = open_library(folder, split)
    rng = generator("recorded_pairs", index)
    for song in _candidate_songs(library.songs, "recorded_pairs", index):
        target, reference = _choose_target(song, PAIR_GAP, rng)
        rivals = [other for other in library.songs if _differ(song, other)]
        n_rivals = 1 + index % 2
        rest = _choose_rivals(rivals, n_rivals, rng)
        if target and reference and len(rest) == n_rivals:
            row = _song_row(library, index, target, reference, rest, rng)
            if row:
                yield row
                return


def alike_pairs(split: str, index: int, folder: Path) -> Iterator[Row]:
    """Yield an item: one of two excerpts that sound alike.

    They are of one song for an odd index, else of two songs of one artist, or of one
    package where the artist has no other.
    """
    library = open_library(folder, split)
    rng = generator("alike_pairs", index)
    for song in _candidate_songs(library.songs, "alike_pairs", index // 2):
        target, reference = _choose_target(song, ALIKE_GAP, rng)
        if not (target and reference):
            continue
        if index % 2:
            rest = _choose_distant(target, reference, rng)
        else:
            rest = _choose_rivals(_siblings(song, library.songs), 1, rng)
        row = rest and _song_row(library, index, target, reference, rest, rng)
        if row:
            row["meta"]["alike"] = "one song" if index % 2 else "two songs"
            yield row
            return


def backings(
    voices: list[Voice], split: str, index: int, folder: Path
) -> Iterator[Row]:
    """Yield an item: a rendered player over a recorded song.

    Parameters
    ----------
    voices : list of Voice
        Of one loop, in the order in which they are tried as the target.
    split, index, folder
        As of every set of recorded songs.
    """
    library = open_library(folder, split)
    rng = generator("recorded_backings", index)
    songs = _candidate_songs(library.songs, "recorded_backings", index)
    for voice in voices:
        stem = voice.render()
        if not arranging.sounds(stem):
            continue
        reference = voice.reference(voice.song.seed + 500)
        for song in songs[:_MAX_TRIES]:
            row = _backing_row(library, voice, stem, reference, song, rng)
            if row:
                yield row
                return


def spread(
    rows: Sequence[T], group: Callable[[T], Hashable], rng: np.random.Generator
) -> list[T]:
    """Return rows in random order, in which each group comes once before any again."""
    counts: dict[Hashable, int] = {}
    turns: list[tuple[int, int, T]] = []
    for i in rng.permutation(len(rows)):
        key = group(rows[i])
        counts[key] = counts.get(key, 0) + 1
        turns.append((counts[key], len(turns), rows[i]))
    return [row for _, _, row in sorted(turns, key=lambda turn: turn[:2])]


def candidates(rows: list[T], index: int, rng: np.random.Generator) -> list[T]:
    """Return what to try for an item: its own row, then others at random."""
    if not rows:
        return []
    others = rng.permutation(len(rows))[:_MAX_TRIES]
    return [rows[index % len(rows)], *(rows[i] for i in others)]


def label(index: int, title: str) -> str:
    """Return a folder's name of ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return f"{index:02d}-{slug(plain)[:40]}".strip("-")


def _candidate_songs(
    songs: Sequence[RecordedSong], set_name: str, index: int
) -> list[RecordedSong]:
    order = spread(songs, lambda song: song.artist or song.package, generator(set_name))
    return candidates(order, index, generator(set_name, "others", index))


def _starts(song: RecordedSong, size: int) -> np.ndarray:
    """Return where excerpts of `size` half seconds sound, in half seconds."""
    loud = np.asarray(song.level_db)[: song.n_frames // HOP] > QUIETEST_DBFS
    if len(loud) < size:
        return np.zeros(0, int)
    counts = np.convolve(loud.astype(int), np.ones(size, int), "valid")
    return np.flatnonzero(counts >= SOUNDING_SHARE * size)


def _choose_target(
    song: RecordedSong, gap: tuple[int, int], rng: np.random.Generator
) -> tuple[_Excerpt | None, _Excerpt | None]:
    """Return an excerpt and a reference whose gap is within bounds, or None."""
    references = [_Excerpt(song, int(at), REFERENCE) for at in _starts(song, REFERENCE)]
    for start in rng.permutation(_starts(song, EXCERPT)):
        target = _Excerpt(song, int(start))
        near = [r for r in references if gap[0] <= target.gap(r) <= gap[1]]
        if near:
            return target, near[rng.integers(len(near))]
    return None, None


def _choose_rivals(
    songs: Sequence[RecordedSong], n_rivals: int, rng: np.random.Generator
) -> list[_Excerpt]:
    """Return an excerpt of each of some songs by artists who all differ."""
    rivals: list[_Excerpt] = []
    for i in rng.permutation(len(songs)):
        starts = _starts(songs[i], EXCERPT)
        differs = all(_differ(songs[i], rival.song) for rival in rivals)
        if len(rivals) < n_rivals and len(starts) and differs:
            rivals.append(_Excerpt(songs[i], int(rng.choice(starts))))
    return rivals


def _choose_distant(
    target: _Excerpt, reference: _Excerpt, rng: np.random.Generator
) -> list[_Excerpt]:
    """Return another excerpt of the song, far from target and reference, or none."""
    excerpts = [_Excerpt(target.song, int(s)) for s in _starts(target.song, EXCERPT)]
    far = [e for e in excerpts if min(e.gap(target), e.gap(reference)) >= SONG_GAP]
    return [far[rng.integers(len(far))]] if far else []


def _differ(song: RecordedSong, other: RecordedSong) -> bool:
    """Whether two songs are certainly by different artists."""
    if song.artist and other.artist:
        return song.artist.casefold() != other.artist.casefold()
    return song.package != other.package


def _siblings(song: RecordedSong, songs: Sequence[RecordedSong]) -> list[RecordedSong]:
    """Return other songs of the artist; of the package where there are none."""
    others = [other for other in songs if other.path != song.path]
    same = [o for o in others if song.artist and o.artist == song.artist]
    return same or [other for other in others if other.package == song.package]


def _read(library: RecordedLibrary, excerpt: _Excerpt) -> np.ndarray:
    return library.read(excerpt.song, excerpt.start * HOP, excerpt.size * HOP)


def _song_row(
    library: RecordedLibrary,
    index: int,
    target: _Excerpt,
    reference: _Excerpt,
    rest: list[_Excerpt],
    rng: np.random.Generator,
) -> Row | None:
    """Return an item of excerpts of songs; None where one of them hardly sounds."""
    sounds = [_read(library, excerpt) for excerpt in (target, *rest)]
    if not all(map(sounds_throughout, sounds)):
        return None
    wanted, *others = sounds
    # Equally loud among themselves, whatever their mastering
    whole = np.sum([scale_rest(wanted, other, 0.0) for other in others], axis=0)
    target_db = float(rng.uniform(*PAIR_DB))
    meta = {
        **_describe(target.song),
        "instrument": RECORDING,
        "target_db": round(target_db, 2),
        "start_s": target.start / 2,
        "reference_start_s": reference.start / 2,
        "rest": [_describe(e.song) | {"start_s": e.start / 2} for e in rest],
    }
    return mix_row(
        label(index, target.song.title),
        wanted,
        scale_rest(wanted, whole, target_db),
        _read(library, reference),
        meta,
    )


def _backing_row(
    library: RecordedLibrary,
    voice: Voice,
    stem: np.ndarray,
    reference: np.ndarray,
    song: RecordedSong,
    rng: np.random.Generator,
) -> Row | None:
    n_frames = stem.shape[1]
    starts = _starts(song, -(-n_frames // HOP))
    if not len(starts):
        return None
    start = int(rng.choice(starts))
    rest = library.read(song, start * HOP, n_frames)
    target_db = float(rng.uniform(*BACKING_DB))
    meta = {
        **arranging.meta(voice.song, voice),
        "beats_given": False,  # the backing keeps another time
        "target_db": round(target_db, 2),
        "rest": [_describe(song) | {"start_s": start / 2}],
    }
    rest = scale_rest(stem, rest, target_db)
    return mix_row(voice.label, stem, rest, reference, meta)


def _describe(song: RecordedSong) -> dict[str, str]:
    return {
        "song": song.path.parent.name,
        "artist": song.artist,
        "title": song.title,
        "source": song.package,
    }
