# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of songs whose stems are in a library of the loop library's format.

`modules` takes songs as they are: a stem out of the song's own sum.  `notes` takes
one timbre for each part and mixes them anew, as the rendered sets do.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from requinto_lab.evaluation import others
from requinto_lab.evaluation.arranging import REFERENCE_S, loudest_part
from requinto_lab.evaluation.items import Row
from requinto_lab.evaluation.levels import mix_row
from requinto_lab.evaluation.recorded_sets import candidates, label, spread
from requinto_lab.material.loop_library import LoopLibrary, Stem
from requinto_lab.material.songs import generator
from requinto_lab.material.soundfonts import SAMPLE_RATE

EXCERPT_S = 10.0
_WINDOW_S = 90.0  # of a song, in which excerpt and reference are chosen
_LEVEL_DB = 3.0  # parts lie within this of equal loudness
_WIDEST_PAN = 0.4  # -1 is left, 1 right
_SILENT = 1e-4  # peak


@functools.cache
def open_library(folder: Path, split: str) -> LoopLibrary:
    """Return the songs of a split that have stems."""
    return LoopLibrary(folder, split)


def modules(split: str, index: int, folder: Path) -> Iterator[Row]:
    """Yield an item: a stem of a tracker's module, with its own reference."""
    library = open_library(folder, split)
    rng = generator("module_stems", index)
    for song in _candidate_songs(library, "module_stems", index):
        stems = _stems(library, song)
        size = min(stems[0].n_frames, round(_WINDOW_S * SAMPLE_RATE))
        start = int(rng.integers(stems[0].n_frames - size + 1))
        # At the level that each has in the song
        sounds = [_read(library, s, start, size) / np.float32(s.gain) for s in stems]
        mix = np.sum(sounds, axis=0)
        for i in rng.permutation(len(stems)):
            row = _own_row(index, stems[i], sounds[i], mix, start, rng)
            if row:
                yield row
                return


def notes(split: str, index: int, folder: Path) -> Iterator[Row]:
    """Yield an item: a stem of recorded notes, its reference of another song."""
    library = open_library(folder, split)
    rng = generator("recorded_notes", index)
    for song in _candidate_songs(library, "recorded_notes", index):
        stems = _one_timbre_each(_stems(library, song), rng)
        sounds = [_pan(_read(library, s, 0, s.n_frames), rng) for s in stems]
        mix = np.sum(sounds, axis=0)
        for i in rng.permutation(len(stems)):
            row = _row_of_another_song(library, index, stems[i], sounds[i], mix, rng)
            row = row or _own_row(index, stems[i], sounds[i], mix, 0, rng)
            if row:
                yield row
                return


def _candidate_songs(library: LoopLibrary, set_name: str, index: int) -> list[str]:
    order = spread(sorted(library.songs), lambda song: song, generator(set_name))
    return candidates(order, index, generator(set_name, "others", index))


def _stems(library: LoopLibrary, song: str) -> list[Stem]:
    by_instrument = library.songs[song]
    return [stem for name in sorted(by_instrument) for stem in by_instrument[name]]


def _one_timbre_each(stems: list[Stem], rng: np.random.Generator) -> list[Stem]:
    """Return a stem of each part, all of different timbres.

    Other stems of a part play the same notes; two parts of one timbre would leave
    unclear which of them is wanted.
    """
    by_part: dict[str, list[Stem]] = {}
    for stem in stems:
        by_part.setdefault(stem.part, []).append(stem)
    chosen: list[Stem] = []
    for rows in by_part.values():
        used = {stem.timbre for stem in chosen}
        unlike = [stem for stem in rows if stem.timbre not in used]
        if unlike:
            chosen.append(unlike[rng.integers(len(unlike))])
    return chosen


def _read(library: LoopLibrary, stem: Stem, start: int, n_frames: int) -> np.ndarray:
    """Return a part of a stem, shape `(2, n_frames)`."""
    sound = library.read(stem, start, n_frames)
    return np.repeat(sound, 2, axis=0) if len(sound) == 1 else sound


def _pan(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a stem at a random level and position between the channels."""
    level = 10 ** (rng.uniform(-_LEVEL_DB, _LEVEL_DB) / 20)
    angle = np.pi / 4 * (1 + rng.uniform(-_WIDEST_PAN, _WIDEST_PAN))
    gains = np.sqrt(2) * level * np.array([[np.cos(angle)], [np.sin(angle)]])
    return np.asarray(sound * gains.astype(np.float32))


def _own_row(
    index: int,
    stem: Stem,
    sound: np.ndarray,
    mix: np.ndarray,
    offset: int,
    rng: np.random.Generator,
) -> Row | None:
    """Return an item whose reference is of the same stem, three seconds away or more.

    `sound` and `mix`, `(2, n_frames)`, begin at frame `offset` of the song.
    """
    if np.abs(sound).max() < _SILENT:
        return None
    n_frames = round(EXCERPT_S * SAMPLE_RATE)
    chosen = others.choose_excerpt(sound, mix, n_frames, rng)
    if chosen is None:
        return None
    start, reference_start = chosen
    size = round(others.REFERENCE_S * SAMPLE_RATE)
    target = sound[:, start : start + n_frames]
    rest = mix[:, start : start + n_frames] - target
    reference = sound[:, reference_start : reference_start + size]
    meta = _meta(stem, offset + start) | {
        "reference_song": stem.song,
        "reference_start_s": round((offset + reference_start) / SAMPLE_RATE, 3),
    }
    return mix_row(_name(index, stem), target, rest, reference, meta)


def _row_of_another_song(
    library: LoopLibrary,
    index: int,
    stem: Stem,
    sound: np.ndarray,
    mix: np.ndarray,
    rng: np.random.Generator,
) -> Row | None:
    """Return an item whose reference is of the timbre's loudest in another song."""
    rows = library.by_timbre[stem.instrument, stem.timbre]
    other_stems = [row for row in rows if row.song != stem.song]
    n_frames = min(round(EXCERPT_S * SAMPLE_RATE), sound.shape[1])
    starts = others.excerpt_starts(sound, mix, n_frames)
    if not (other_stems and starts):
        return None
    start = starts[rng.integers(len(starts))]
    other = other_stems[rng.integers(len(other_stems))]
    whole = _read(library, other, 0, other.n_frames)
    reference = loudest_part(whole, round(REFERENCE_S * SAMPLE_RATE))
    target = sound[:, start : start + n_frames]
    rest = mix[:, start : start + n_frames] - target
    meta = _meta(stem, start) | {"reference_song": other.song}
    return mix_row(_name(index, stem), target, rest, reference, meta)


def _name(index: int, stem: Stem) -> str:
    return label(index, f"{stem.song.partition('-')[2]} {stem.instrument}")


def _meta(stem: Stem, start: int) -> dict[str, Any]:
    manifest = json.loads((stem.path.parent / "song.json").read_text())
    rows = {row["file"]: row for row in manifest["stems"]}
    return {
        "instrument": stem.instrument,
        "timbre": stem.timbre,
        "part": stem.part,
        "song": stem.song,
        "source": manifest.get("source", stem.song),
        "licence": rows[stem.path.name].get("licence", manifest.get("licence", "")),
        "start_s": round(start / SAMPLE_RATE, 3),
    }
