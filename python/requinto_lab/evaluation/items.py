# SPDX-License-Identifier: GPL-3.0-or-later
"""Test items on disk: a folder each, with a mix, its truth and a reference.

An item holds `mix.flac`, `target.flac` (the true stem as it sounds in the mix;
silent where the target is absent), `reference.flac` (the same instrument, other
material), perhaps `wrong_reference.flac` (a rival in the mix) and `meta.json`.
A set is a folder of items, a bench a folder of sets.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from requinto.audio import SHORTEST_S
from requinto.beats import Beats
from requinto.errors import AudioFileError, reason_of
from requinto_files import audio_reader

_STEMS = ("mix", "target", "reference")
_FULL_SCALE = 32767


@dataclass(frozen=True)
class Item:
    """One question to a separator, and its answer."""

    path: Path
    set_name: str
    meta: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.path.name

    @property
    def instrument(self) -> str:
        """What is asked for."""
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
        """Return the beats it gives, or None where they are to be found out.

        `meta.json` gives them unless it says `"beats_given": false`.
        """
        known = "beats_s" in self.meta and "tempo_bpm" in self.meta
        if not known or not self.meta.get("beats_given", True):
            return None
        times_s = np.asarray(self.meta["beats_s"], float)
        downbeats_s = np.asarray(self.meta.get("downbeats_s", []), float)
        return Beats(
            times_s,
            downbeats_s,
            float(self.meta["tempo_bpm"]),
            int(self.meta.get("beats_per_bar", 4)),
        )

    def read(self, stem: str) -> tuple[np.ndarray, int]:
        """Return one of its sounds, float32 `(n_channels, n_frames)`, and its rate."""
        return audio_reader.read(self.path / f"{stem}.flac")


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
    places = sorted(path.parent for path in folder.rglob("mix.flac"))
    items = [_item(place) for place in places]
    if not items:
        raise AudioFileError(f"{folder} holds no test item (a folder with mix.flac)")
    return items


def _item(place: Path) -> Item:
    for stem in _STEMS:
        if not (place / f"{stem}.flac").is_file():
            raise AudioFileError(f"test item {place} has no {stem}.flac")
    try:
        meta = json.loads((place / "meta.json").read_text())
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise AudioFileError(
            f"test item {place}: meta.json: {reason_of(error)}"
        ) from error
    if not isinstance(meta, dict) or not isinstance(meta.get("instrument"), str):
        raise AudioFileError(f"test item {place}: meta.json names no instrument")
    return Item(place, place.resolve().parent.name, meta)


def check_references(items: list[Item]) -> None:
    """Raise `AudioFileError` if a reference is silent or too short to be one."""
    for item in items:
        names = ["reference"] + ["wrong_reference"] * item.has_wrong_reference
        for name in names:
            heard, rate = item.read(name)
            if heard.shape[1] < SHORTEST_S * rate or np.abs(heard).max() < 1e-3:
                raise AudioFileError(
                    f"test item {item.path}: {name}.flac is silent, or shorter than "
                    f"{SHORTEST_S} s"
                )


def write_item(
    place: Path,
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
    place : Path
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
    work = place.with_name(f".{place.name}.unfinished")
    work.mkdir(parents=True, exist_ok=True)
    whole = _rounded(mixture - target).astype(np.int32) + _rounded(target)
    sounds = {
        "mix": np.clip(whole, -_FULL_SCALE, _FULL_SCALE).astype(np.int16),
        "target": _rounded(target),
        "reference": _rounded(reference),
    }
    if wrong_reference is not None:
        sounds["wrong_reference"] = _rounded(wrong_reference)
    for name, samples in sounds.items():
        soundfile.write(work / f"{name}.flac", samples.T, sample_rate, "PCM_16")
    (work / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    if place.exists():
        for old in place.iterdir():
            old.unlink()
        place.rmdir()
    work.rename(place)


def _rounded(audio: np.ndarray) -> np.ndarray:
    scaled = np.clip(np.round(audio * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE)
    return np.asarray(scaled, np.int16)
