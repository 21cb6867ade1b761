# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the test sets: folders of items, one set a folder.

Each set tests one thing.  Patterns and timbres are of one held-out split;
The `others` are other people's music, and so is what some sets of the validation
split are cut from.  A build that was stopped goes on where it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.evaluation import arranging, others
from requinto_lab.evaluation.arranging import (
    OTHER_STYLES,
    Voice,
    item_row,
    mix_stems,
    quartet,
    voice,
    voices,
)
from requinto_lab.evaluation.items import Row, item_sets, write_item
from requinto_lab.evaluation.validation_sets import VALIDATION_SETS
from requinto_lab.material import splits
from requinto_lab.material.instruments import BACHATA, UNSEEN
from requinto_lab.material.parallel import each
from requinto_lab.material.songs import Song, generator, plan_loop, plan_song
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import style

_CLIP_BARS = 4
_SONG_FORM = "intro:2 verse:6 chorus:4 mambo:6 outro:1"
_FIRST_SEED = 1000  # of a split's; those before belong to the demo song
# Pairs that the systems with two outputs were made for
DUETS = (("voice", "drums"), ("guitar", "bass"))
_MAX_TRIED = 40  # songs in which the players of an item are looked for


def build(
    folder: Path,
    split: str = "test",
    *,
    quick: bool = False,
    sets: tuple[str, ...] = (),
    material: Mapping[str, Path | None] | None = None,
    n_workers: int = 2,
) -> list[Path]:
    """Build what a bench lacks; return the folders of all its sets.

    Sets that need material which is not given are left out: see `missing_material`.

    Parameters
    ----------
    folder : Path
        Made if missing; each set is a folder in it.
    split : str
        "test", or "validation" to choose checkpoints by.
    quick : bool
        A fixed subset of about five minutes.
    sets : tuple of str
        Only these; all when empty.
    material : mapping of str to Path
        Folders of recorded songs (`recorded`), modules (`modules`) and loops of
        recorded notes (`notes`).
    n_workers : int
        Processes; 1 builds in this one.

    Raises
    ------
    ConfigError
        If the split or a set is unknown, or a set of `sets` lacks its material.
    """
    if split not in ("validation", "test"):
        raise ConfigError(f"a bench is of validation or test, not {split!r}")
    if unknown := set(sets) - set(ITEM_SETS):
        known = ", ".join(ITEM_SETS)
        raise ConfigError(f"unknown sets {sorted(unknown)}; known are {known}")
    folders = material or {}
    missing = missing_material(split, folders)
    for name in set(sets) & set(missing):
        raise ConfigError(f"the set {name!r} needs --{missing[name]} FOLDER")
    chosen = {
        name: item_set
        for name, item_set in ITEM_SETS.items()
        if split in item_set.splits
        and name not in missing
        and (not sets or name in sets)
    }
    todo = [
        (folder, name, split, index, folders.get(item_set.material))
        for name, item_set in chosen.items()
        for index in range(item_set.n_quick if quick else item_set.n_full)
        if not _stamp(folder, name, index).exists()
    ]
    each(build_song, todo, "Building", n_workers)
    return [folder / name for name in chosen]


def missing_material(split: str, material: Mapping[str, Path | None]) -> dict[str, str]:
    """Return the sets of a split whose material is not given, with its option."""
    return {
        name: item_set.material
        for name, item_set in ITEM_SETS.items()
        if split in item_set.splits
        and item_set.material
        and not material.get(item_set.material)
    }


def build_song(
    folder: Path, name: str, split: str, index: int, material: Path | None = None
) -> None:
    """Write the items of one song of a set, and the stamp that says so."""
    given = (material,) if material else ()
    for row in ITEM_SETS[name].make(split, index, *given):
        item_folder = folder / name / row.pop("name")
        write_item(item_folder, sample_rate=SAMPLE_RATE, **row)
    stamp = _stamp(folder, name, index)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.touch()


def _stamp(folder: Path, name: str, index: int) -> Path:
    return folder / ".built" / f"{name}-{index:04d}"


def _seed(split: str, set_name: str, index: int) -> int:
    position = list(ITEM_SETS).index(set_name)
    return splits.seeds(split)[_FIRST_SEED * (position + 1) + index]


def _rows(song: Song, players: list[Voice], targets: tuple[str, ...]) -> Iterator[Row]:
    """Yield an item for each of the target instruments that a song has once."""
    stems = {v: v.render() for v in players}
    stems = {v: stem for v, stem in stems.items() if arranging.sounds(stem)}
    if len(stems) < 2:
        return
    for chosen in stems:
        alone = [v.instrument for v in stems].count(chosen.instrument) == 1
        if chosen.instrument in targets and alone:
            reference = chosen.reference(song.seed + 500)
            every = list(stems.values())
            yield item_row(chosen.label, chosen, every, stems[chosen], reference)


def _bachata_clips(split: str, index: int) -> Iterator[Row]:
    """Yield the thesis' items: four bars of four instruments."""
    seed = _seed(split, "bachata_clips", index)
    song = plan_loop(style("bachata"), seed, _CLIP_BARS)
    yield from _rows(song, quartet(song, split), BACHATA)


def _bachata_songs(split: str, index: int) -> Iterator[Row]:
    """Yield items of whole songs, whose pickups last 0 to 7 beats in turn."""
    seed = _seed(split, "bachata_songs", index)
    song = plan_song(style("bachata"), seed, index % 8, _SONG_FORM)
    for row in _rows(song, quartet(song, split), BACHATA):
        # As for a listener: the beats must be tracked
        row["meta"] |= {"pickup_beats": index % 8, "beats_given": False}
        yield row


def _other_styles(split: str, index: int) -> Iterator[Row]:
    """Yield items of whatever plays in four bars of other styles."""
    name = OTHER_STYLES[index % len(OTHER_STYLES)]
    song = plan_loop(style(name), _seed(split, "other_styles", index), _CLIP_BARS)
    players = list(voices(song, split))
    rows = list(_rows(song, players, tuple({v.instrument for v in players})))
    rng = generator(song.seed, "asked for")
    for i in sorted(rng.permutation(len(rows))[:3]):
        yield rows[i]


def _unseen(split: str, index: int) -> Iterator[Row]:
    """Yield an item of a class of instrument that is never trained on."""
    name = OTHER_STYLES[(3 * index) % len(OTHER_STYLES)]
    song = plan_loop(style(name), _seed(split, "unseen_instruments", index), _CLIP_BARS)
    instrument = UNSEEN[split][index % len(UNSEEN[split])]
    leads = next(p for p in song.style.parts if p.manner in ("arpeggio", "melody"))
    chosen = voice(song, split, leads, instrument)
    players = [v for v in voices(song, split) if v.part.name != leads.name]
    yield from _rows(song, [chosen, *players[:4]], (instrument,))


def _absent(split: str, index: int) -> Iterator[Row]:
    """Yield an item whose target does not play: the answer is silence."""
    seed = _seed(split, "absent_target", index)
    name = "bachata" if index % 2 == 0 else OTHER_STYLES[index % len(OTHER_STYLES)]
    song = plan_loop(style(name), seed, _CLIP_BARS)
    players = quartet(song, split) if name == "bachata" else list(voices(song, split))
    wanted = BACHATA[(index // 2) % len(BACHATA)]
    playing = [v for v in players if v.instrument != wanted]
    stems = [v.render() for v in playing]
    mixture, _ = mix_stems(stems)
    bachata = plan_loop(style("bachata"), seed + 500, _CLIP_BARS)
    chosen = next(v for v in quartet(bachata, split) if v.instrument == wanted)
    yield {
        "name": f"{name}-{seed}-no-{wanted}".replace(" ", "-"),
        "mixture": mixture,
        "target": np.zeros_like(mixture),
        "reference": chosen.reference(seed + 501),
        "meta": {**arranging.meta(song, chosen), "absent": True},
    }


def _two_of_a_kind(split: str, index: int) -> Iterator[Row]:
    """Yield an item of one of two guitars, or of two basses."""
    seed = _seed(split, "two_of_a_kind", index)
    song = plan_loop(style("bachata"), seed, _CLIP_BARS)
    first, second = ("requinto", "segunda") if index % 3 else ("bajo", "bajo")
    instrument = "guitar" if index % 3 else "bass"
    wanted = voice(song, split, song.style.part(first), instrument)
    # The other plays something else over the same chords
    other_song = dataclasses.replace(song, seed=seed + 250)
    part = song.style.part(second)
    rivals = (voice(other_song, split, part, instrument, n) for n in range(50))
    rival = next(v for v in rivals if v.timbre.id != wanted.timbre.id)
    rest = [v for v in quartet(song, split) if v.instrument in ("bongo", "guira")]
    stems = {v: v.render() for v in (wanted, rival, *rest)}
    if not (arranging.sounds(stems[wanted]) and arranging.sounds(stems[rival])):
        return
    row = item_row(
        f"{instrument}-{seed}",
        wanted,
        list(stems.values()),
        stems[wanted],
        wanted.reference(seed + 500),
        rival=rival.timbre.id,
    )
    yield {**row, "wrong_reference": rival.reference(seed + 501)}


def _duets(split: str, index: int) -> Iterator[Row]:
    """Yield items of each of two who play alone."""
    pair = DUETS[index % len(DUETS)]
    song = _song_with(pair, "duets", split, index)
    yield from _rows(song, list(voices(song, split, pair)), pair)


def _singers(split: str, index: int) -> Iterator[Row]:
    """Yield an item of the voice in a whole band."""
    song = _song_with(("voice",), "singers", split, index)
    yield from _rows(song, list(voices(song, split)), ("voice",))


def _song_with(
    instruments: tuple[str, ...], set_name: str, split: str, index: int
) -> Song:
    """Return a song of another style in which each of these plays, and once."""
    seed = _seed(split, set_name, index * _MAX_TRIED)
    for n in range(_MAX_TRIED):
        kind = style(OTHER_STYLES[(index + n) % len(OTHER_STYLES)])
        song = plan_loop(kind, seed + n, _CLIP_BARS)
        players = list(voices(song, split, instruments))
        alone = sorted(v.instrument for v in players) == sorted(instruments)
        if alone and all(arranging.sounds(v.render()) for v in players):
            return song
    raise ConfigError(f"no {_MAX_TRIED} songs have {instruments}")  # so seeds changed


def _others(source: str, max_items: int) -> Callable[[str, int], Iterator[Row]]:
    """Return a maker of items of others' music, at most `max_items` of a song."""

    def make(split: str, index: int) -> Iterator[Row]:
        del split, index  # there is one collection
        for song in others.songs(sources=(source,)):
            rows = list(others.items(song))
            rng = generator(0, "asked for", song.name)
            for i in sorted(rng.permutation(len(rows))[:max_items]):
                row = dict(rows[i])
                row.pop("sample_rate")  # everybody's
                row["name"] = f"{song.name}-{row['meta']['instrument']}"
                yield row

    return make


# Seeds go by the order: new sets come last
ITEM_SETS = item_sets(
    {
        "bachata_clips": _bachata_clips,
        "bachata_songs": _bachata_songs,
        "other_styles": _other_styles,
        "unseen_instruments": _unseen,
        "absent_target": _absent,
        "two_of_a_kind": _two_of_a_kind,
        "duets": _duets,
        "singers": _singers,
        "others_lmms": _others("lmms", 4),
        "others_modules": _others("modules", 4),
        "others_midi": _others("midi", 1),
        "others_hydrogen": _others("hydrogen", 4),
        **VALIDATION_SETS,
    }
)
