# SPDX-License-Identifier: GPL-3.0-or-later
"""Test items on disk: a folder each, with a mix, its truth and a reference.

An item holds `mix.flac`, `target.flac` (the true stem as it sounds in the mix;
silent where the target is absent), `reference.flac` (the same instrument, other
material), perhaps `wrong_reference.flac` (a rival in the mix) and `meta.json`.
A set is a folder of items, a bench a folder of sets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

from requinto.audio import SHORTEST_S
from requinto.beats import Beats
from requinto.errors import AudioFileError, reason_of
from requinto_files import audio_reader
from requinto_lab.material.tables import read_table

_STEMS = ("mix", "target", "reference")
_FULL_SCALE = 32767


Row = dict[str, Any]  # arguments of `write_item`, and the item's `name`


class ItemSet(NamedTuple):
    """One set: how an item of it is made, and how many there are."""

    make: Callable[..., Iterator[Row]]  # (split, index[, material]) -> items
    target: str  # what the target is, for readers
    n_full: int  # songs
    n_quick: int
    splits: tuple[str, ...] = ("validation", "test")
    material: str = ""  # the option that names the folder it is cut from


def item_sets(makers: dict[str, Callable[..., Iterator[Row]]]) -> dict[str, ItemSet]:
    """Return sets by name: how each is made, and what `item_sets.toml` says of it."""
    table = read_table("item_sets", __file__)
    return {name: ItemSet(make, **table[name]) for name, make in makers.items()}


@dataclass(frozen=True)
class Item:
    """A mixture, the target in it, and a reference of the target's instrument."""

    path: Path
    set_name: str
    meta: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.path.name

    @property
    def instrument(self) -> str:
        """What the target is."""
        return str(self.meta["instrument"])

    @property
    def absent(self) -> bool:
        """Whether the mix does not hold the target."""
        return bool(self.meta.get("absent", False))

    @property
    def has_wrong_reference(self) -> bool:
        """Whether a reference of a rival in the mix is there too."""
        return (self.path / "wrong_reference.flac").is_file()

    def beats(self) -> Beats | None:
        """Return the beats it gives, or None where they must be tracked.

        `meta.json` gives them unless it says `"beats_given": false`.
        """
        known = "beats_s" in self.meta and "tempo_bpm" in self.meta
        if not known or not self.meta.get("beats_given", True):
            return None
        return true_beats(self.meta)

    def read(self, stem: str) -> tuple[np.ndarray, int]:
        """Return one of its sounds, float32 `(n_channels, n_frames)`, and its rate."""
        return audio_reader.read(self.path / f"{stem}.flac")


def true_beats(meta: dict[str, Any]) -> Beats:
    """Return the beats that `meta.json` holds."""
    return Beats(
        np.asarray(meta["beats_s"], float),
        np.asarray(meta.get("downbeats_s", []), float),
        float(meta["tempo_bpm"]),
        int(meta.get("beats_per_bar", 4)),
    )


def read_items(folder: Path) -> list[Item]:
    """Return the items in a folder: of one set, or of a bench of sets.

    Raises
    ------
    AudioFileError
        If there are none, or one lacks a file or says nothing of its instrument.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise AudioFileError(f"{folder} is not a folder of test items")
    paths = sorted(path.parent for path in folder.rglob("mix.flac"))
    items = [_item(path) for path in paths]
    if not items:
        raise AudioFileError(f"{folder} holds no test item (a folder with mix.flac)")
    return items


def _item(path: Path) -> Item:
    for stem in _STEMS:
        if not (path / f"{stem}.flac").is_file():
            raise AudioFileError(f"test item {path} has no {stem}.flac")
    try:
        meta = json.loads((path / "meta.json").read_text())
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise AudioFileError(
            f"test item {path}: meta.json: {reason_of(error)}"
        ) from error
    if not isinstance(meta, dict) or not isinstance(meta.get("instrument"), str):
        raise AudioFileError(f"test item {path}: meta.json names no instrument")
    return Item(path, path.resolve().parent.name, meta)


def check_references(items: list[Item]) -> None:
    """Raise `AudioFileError` if a reference is silent or too short to be one."""
    for item in items:
        names = ["reference"] + ["wrong_reference"] * item.has_wrong_reference
        for name in names:
            reference, rate = item.read(name)
            if reference.shape[1] < SHORTEST_S * rate or np.abs(reference).max() < 1e-3:
                raise AudioFileError(
                    f"test item {item.path}: {name}.flac is silent, or shorter than "
                    f"{SHORTEST_S} s"
                )


def write_item(
    folder: Path,
    *,
    mixture: np.ndarray,
    target: np.ndarray,
    reference: np.ndarray,
    sample_rate: int,
    meta: dict[str, Any],
    wrong_reference: np.ndarray | None = None,
) -> None:
    """Write an item; its folder is complete or absent.

    Sounds are rounded to 16 bits, the mixture as the sum of the rounded target
    and the rounded rest, so that the truth stays exact.

    Parameters
    ----------
    folder : Path
        Its folder; replaced if it is there.
    mixture, target : np.ndarray, shape=(n_channels, n_frames)
        Full scale at 1; the target is part of the mixture.
    reference, wrong_reference : np.ndarray, shape=(n_channels, n_frames)
        Any length of half a second or more.
    sample_rate : int
        Hz, of all of them.
    meta : dict
        What `meta.json` holds; `instrument` is required.
    """
    work = folder.with_name(f".{folder.name}.unfinished")
    work.mkdir(parents=True, exist_ok=True)
    whole = _round(mixture - target).astype(np.int32) + _round(target)
    sounds = {
        "mix": np.clip(whole, -_FULL_SCALE, _FULL_SCALE).astype(np.int16),
        "target": _round(target),
        "reference": _round(reference),
    }
    if wrong_reference is not None:
        sounds["wrong_reference"] = _round(wrong_reference)
    for name, samples in sounds.items():
        soundfile.write(work / f"{name}.flac", samples.T, sample_rate, "PCM_16")
    (work / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    if folder.exists():
        for old in folder.iterdir():
            old.unlink()
        folder.rmdir()
    work.rename(folder)


def _round(audio: np.ndarray) -> np.ndarray:
    scaled = np.clip(np.round(audio * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE)
    return np.asarray(scaled, np.int16)
