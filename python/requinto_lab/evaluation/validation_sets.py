# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of the validation split alone: other registers, recordings, others' stems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from requinto_lab.evaluation import other_register, recorded_sets, stem_sets
from requinto_lab.evaluation.arranging import OTHER_STYLES, quartet, voices
from requinto_lab.evaluation.items import Row
from requinto_lab.material import splits
from requinto_lab.material.songs import Song, generator, plan_loop
from requinto_lab.material.style import style

# Within a split's seeds; the sets of `bench.py` end before
FIRST_SEEDS = {"other_register": 9000, "recorded_backings": 9100}
_CLIP_BARS = 4


def _other_register(split: str, index: int) -> Iterator[Row]:
    """Yield an item with a reference of another register, or another part."""
    song = _song_in_turn(split, "other_register", index)
    yield from other_register.rows(song, split, index)


def _backings(split: str, index: int, material: Path) -> Iterator[Row]:
    """Yield an item of a rendered player over a recorded song."""
    song = _song_in_turn(split, "recorded_backings", index)
    if song.style.name == "bachata":
        four = quartet(song, split)
        first = index // 2 % len(four)
        players = four[first:] + four[:first]
    else:
        rng = generator(song.seed, "asked for")
        playing = list(voices(song, split))
        players = [playing[i] for i in rng.permutation(len(playing))]
    yield from recorded_sets.backings(players, split, index, material)


def _song_in_turn(split: str, set_name: str, index: int) -> Song:
    """Return four bars: of a bachata, and of another style, in turn."""
    turn = OTHER_STYLES[index // 2 % len(OTHER_STYLES)]
    name = turn if index % 2 else "bachata"
    seed = splits.seeds(split)[FIRST_SEEDS[set_name] + index]
    return plan_loop(style(name), seed, _CLIP_BARS)


VALIDATION_SETS: dict[str, Callable[..., Iterator[Row]]] = {
    "other_register": _other_register,
    "recorded_pairs": recorded_sets.pairs,
    "alike_pairs": recorded_sets.alike_pairs,
    "recorded_backings": _backings,
    "module_stems": stem_sets.modules,
    "recorded_notes": stem_sets.notes,
}
